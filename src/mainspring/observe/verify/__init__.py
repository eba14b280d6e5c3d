"""Recompiles what entries are of, in the interpreters that made them, and compares."""
