"""`compile`: what `compileall` does and beyond it, each claim on the installed command."""
