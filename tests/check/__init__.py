"""`mainspring check` tells which kinds of start are safe for a program."""
