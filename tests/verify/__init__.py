"""`verify` recompiles entries, and tells which are not what compiling gives."""
