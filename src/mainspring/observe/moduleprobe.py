# Run in the interpreter that a start would take, which is CPython 3.11 or newer: finds what CPython would run
# for a module, a folder or a zip file, without running any of it, and prints it.
#
#     python [options] -c PROBE "-m" NAME
#     python [options] -c PROBE PATH
import sys

# what stands in the folder that the user happens to be in is not imported
here = "" in sys.path[:1]
sys.path[:] = [entry for entry in sys.path if entry]

import json
import os
from importlib import _bootstrap_external as external
from importlib.machinery import PathFinder, SourceFileLoader, SourcelessFileLoader
from zipimport import zipimporter


def main(*arguments):
    is_module, spec = True, None
    if arguments[0] == "-m":
        if here:
            sys.path.insert(0, os.getcwd())
        spec = find_module(arguments[1])
    else:
        path = os.path.abspath(arguments[0])
        is_module = has_importer(path)
        spec = PathFinder.find_spec("__main__", [path])
    print(json.dumps({"is_module": is_module, "module": None if spec is None else describe(spec)}))


def has_importer(path):
    """What pymain_run_python asks (Modules/main.c): without one, a path is that of a script."""
    for hook in sys.path_hooks:
        try:
            hook(path)
        except ImportError:
            continue
        return True
    return False


def describe(spec):
    state = judge_code(spec)
    compiled = spec.cached if isinstance(spec.loader, SourceFileLoader) else None
    return state and {"name": spec.name, "file": spec.origin, "compiled": compiled, "state": state}


def find_module(name):
    """The spec of what `-m NAME` runs, without importing the packages that it is in, or None."""
    if "" in name.split("."):
        return None
    path = None
    whole = ""
    for part in name.split("."):
        whole = part if not whole else whole + "." + part
        spec = find_spec(whole, path)
        if spec is None:
            return None
        path = spec.submodule_search_locations
        stand_in(whole, path)
        if path is None and whole != name:
            return None
    return spec if path is None else find_spec(name + ".__main__", path)


def find_spec(name, path):
    for finder in sys.meta_path:
        spec = finder.find_spec(name, path)
        if spec is not None:
            return spec


def stand_in(name, path):
    """A namespace package asks the module of the one that it is in for its path."""
    if path is not None and name not in sys.modules:
        sys.modules[name] = type(sys)(name)
        sys.modules[name].__path__ = path


def judge_code(spec):
    """What CPython finds of the code of *spec*; None if it has none to run."""
    if isinstance(spec.loader, zipimporter):
        return judge_zip(spec.loader, spec.name)
    if isinstance(spec.loader, SourcelessFileLoader):
        return "sourceless"
    if isinstance(spec.loader, SourceFileLoader):
        return judge_compiled(spec.origin, spec.cached)
    return "frozen" if spec.origin == "frozen" else None


def judge_zip(loader, name):
    try:
        # the .pyc only if it is of the source beside it
        return "in-zip" if loader.get_filename(name).endswith(".pyc") else "source-in-zip"
    except Exception:  # what does not compile, or cannot be read
        return "source-in-zip"


def judge_compiled(source, compiled):
    """As SourceLoader.get_code does it."""
    try:
        with open(compiled, "rb") as file:
            data = file.read()
    except (OSError, TypeError):
        return "absent"
    try:
        flags = external._classify_pyc(data, "", {})
    except (ImportError, EOFError):
        return "unusable"
    if flags & 1 and not flags & 2:
        return "unchecked"
    status = os.stat(source)
    if flags & 1:
        with open(source, "rb") as file:
            recorded, now = data[8:16], external._imp.source_hash(external._RAW_MAGIC_NUMBER, file.read())
    else:
        recorded = data[8:16]
        now = external._pack_uint32(int(status.st_mtime)) + external._pack_uint32(status.st_size)
    return "current" if recorded == now else "outdated"


main(*sys.argv[1:])
