"""`status`: what it says of interpreters, cache and starts, on a terminal and in a pipe."""
