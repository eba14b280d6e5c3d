try:
    import sys
    from posix import environ, stat

    name = sys.argv[0]
    if (
        b"MAINSPRING_LOG" in environ
        or b"MAINSPRING_MIN_SIZE" in environ
        or (name[:1] not in "-" and stat(name).st_size >= 2048)
    ) and not (
        b"MAINSPRING_START" in environ or "mainspring" in sys.modules or hasattr(sys, "_mainspring")
    ):
        # what the look leaves behind is collected at once, so that the program's garbage is its own
        from _frozen_importlib import BuiltinImporter, _load
        from _frozen_importlib_external import spec_from_file_location

        known = "gc" in sys.modules
        gc = sys.modules["gc"] if known else _load(BuiltinImporter.find_spec("gc"))
        enabled = gc.isenabled()
        gc.disable()
        root = "@ROOT@"
        package = f"{root}/mainspring"
        try:
            _load(
                spec_from_file_location(
                    "mainspring", f"{package}/_start.py", submodule_search_locations=[package]
                )
            )
            sys.modules["mainspring"].start(root)
        finally:
            gc.collect(0)
            if enabled:
                gc.enable()
            if not known:
                del sys.modules["gc"]
except Exception:  # never the cause of a failure: the start goes on as CPython's own
    pass
