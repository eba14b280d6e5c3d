"""A process is known as it is before anything happens in it: what a script's `__main__` begins with."""

ORIGINAL = dict(globals())

import sys  # noqa: E402 - the names of a fresh `__main__` have no `sys`

SEES_SCRIPT_FOLDER = not getattr(sys.flags, "safe_path", sys.flags.isolated)
if SEES_SCRIPT_FOLDER:
    del sys.path[0]  # this file's: until here nothing is imported but what is built in
