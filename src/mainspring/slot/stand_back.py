import sys

behind = sys.path[sys.path.index(__file__.rpartition("/")[0]) + 1 :]
sys.modules.pop("sitecustomize", None)
if behind:
    from _frozen_importlib import _find_spec, _load

    path = sys.path[:]
    sys.path[:] = behind
    try:
        spec = _find_spec("sitecustomize", None)
    finally:
        sys.path[:] = path
    if spec is not None:
        _load(spec)
if "sitecustomize" not in sys.modules:
    raise ImportError(name="sitecustomize")
