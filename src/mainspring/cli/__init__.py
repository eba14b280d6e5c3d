"""Turns arguments into actions."""

#: set for a command that goes on in another interpreter
RERUN_MARK = "MAINSPRING_RERUN"
