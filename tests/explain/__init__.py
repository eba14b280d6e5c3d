"""`explain` for modules, commands, folders and zip files."""
