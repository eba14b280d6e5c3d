"""`clean` removes entries: those asked for, and no others."""
