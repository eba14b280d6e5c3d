# The hook for one start alone.  `mainspring run` puts this folder at the front of PYTHONPATH; here it is
# taken away again, before anything else of the program's runs: from sys.path, from the environment, and
# from the import system's caches.  Then the sitecustomize that would have been found is loaded.
#
# Any Python may be started like this: up to the version check, this is Python 2 and 3.
import os
import stat
import sys


def take_away():
    folder = os.path.dirname(__file__)
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    sys.path_importer_cache.pop(folder, None)
    # Python 2 empties a module that nothing refers to any more
    return folder, sys.modules.pop("sitecustomize", None)


def restore_environment():
    """What the launcher wants of this start; None if it is not its own, but one within it."""
    noted = os.environ.pop("MAINSPRING_START", None)
    wish, _, process = os.environ.pop("MAINSPRING_WARM", "").partition("@")
    if noted is None:
        return None
    if noted == "1":
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = noted[2:]
    return wish if process in ("", str(os.getpid())) else ""


def arrange(folder, wish):
    """Whether the hook has had its say."""
    if sys.version_info < (3, 11):
        log_old_python()
        return False
    from _frozen_importlib_external import SourceFileLoader

    package = os.path.dirname(folder)
    look = SourceFileLoader("look", package + "/slot/look.py").get_code("look")
    names = {"root": os.path.dirname(package), "wish": wish}
    exec(look, names)
    return "is_arranged" in names


def log_old_python():
    target = os.environ.get("MAINSPRING_LOG", "")
    # before 3.8, the program's name is not known yet
    program = os.path.join(os.getcwd(), sys.argv[0]) if hasattr(sys, "argv") else ""
    program = "".join(escape(character) for character in program)
    line = (program + "\told-python\t0.000\n").encode("utf-8", "replace")
    if target.isdigit():
        os.write(int(target), line)
    elif target:
        append(target, line)


def escape(character):
    """As counters.py does it."""
    known = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
    if character in known:
        return known[character]
    return "\\x%02x" % ord(character) if ord(character) < 32 or ord(character) == 127 else character


def append(path, line):
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
    log = os.open(path, flags, 0o600)
    try:
        if stat.S_ISREG(os.fstat(log).st_mode):
            os.write(log, line)
    finally:
        os.close(log)


folder, this_module = take_away()
wish, is_arranged = None, False
try:
    wish = restore_environment()
    if wish is not None:
        is_arranged = arrange(folder, wish)
except Exception:
    pass  # never the cause of a failure: the start goes on as CPython's own
if wish and wish.startswith("host") and not is_arranged:
    os._exit(1)  # but nobody has asked for a start here
try:
    sys._mainspring = True
    import sitecustomize
finally:
    del sys._mainspring
    globals().clear()  # a function and the module that it is of keep each other alive
