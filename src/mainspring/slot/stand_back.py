import sys
from posix import environ

here = __file__.rpartition("/")[0]
sys.modules.pop("sitecustomize", None)
# Before this folder, only a namespace package may have been passed over: not in the standard library's.
if sys.path[-1] != here or b"PYTHONPATH" in environ:
    from _frozen_importlib import _find_spec, _load

    path = sys.path[:]
    sys.path[:] = [entry for entry in path if entry != here]
    try:
        spec = _find_spec("sitecustomize", None)
    finally:
        sys.path[:] = path
    if spec is not None:
        _load(spec)
if "sitecustomize" not in sys.modules:
    raise ImportError(name="sitecustomize")
