"""Children share the memory of their host as long as nothing goes through what it holds."""

import sys
from _frozen_importlib import BuiltinImporter, _load  # type: ignore[attr-defined]  # typeshed lacks it


def renew_loader() -> None:
    """Make the loader anew: the quick end looks for it, to see what is younger than the frozen heap."""
    main = vars(sys.modules["__main__"])
    loader = main.get("__loader__")
    if loader is not None and type(loader).__name__ == "SourceFileLoader":
        main["__loader__"] = type(loader)(loader.name, loader.path)


def freeze_heap() -> None:
    """Keep the collector off what is shared: touching it would copy it into each child."""
    is_known = "gc" in sys.modules
    gc = sys.modules["gc"] if is_known else _load(BuiltinImporter.find_spec("gc"))
    gc.collect()
    gc.freeze()
    if not is_known:
        sys.modules.pop("gc", None)
