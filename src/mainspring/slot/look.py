# `root`, the folder that holds the package, is set by what stands before this; `wish` where the launcher
# wants more of the start than cached code.
try:
    import sys
    from posix import environ, stat

    name = sys.argv[0]
    wish = locals().get("wish", "")
    if (
        (
            wish
            or b"MAINSPRING_LOG" in environ
            or b"MAINSPRING_MIN_SIZE" in environ
            or (name[:1] not in "-" and stat(name).st_size >= 2048)
        )
        and not (
            b"MAINSPRING_START" in environ
            or "mainspring" in sys.modules
            or hasattr(sys, "_mainspring")
            or "_signal" not in sys.modules  # not the main interpreter of a program
            or "t" in sys.abiflags  # without the GIL, objects are laid out another way
        )
        and "mainspring" not in (known := locals().get("known_paths", set()))
    ):
        # gh-75723: up to 3.14, `site` reads the .pth files of a virtual environment twice.  The set that
        # it hands from one reading to the next is gone when it ends.
        known.add("mainspring")
        from _frozen_importlib import BuiltinImporter, _load
        from _frozen_importlib_external import spec_from_file_location
        from _signal import SIGINT, default_int_handler, getsignal, signal

        # an interrupt meanwhile is the program's: here, it would be the end of `site`
        interrupts, hand_on = {}, None
        is_default = getsignal(SIGINT) is default_int_handler
        # what the look leaves behind is collected at once, so that the program's garbage is its own
        is_known = "gc" in sys.modules
        gc = sys.modules["gc"] if is_known else _load(BuiltinImporter.find_spec("gc"))
        is_enabled = gc.isenabled()
        package = f"{root}/mainspring"
        try:
            if is_default:
                signal(SIGINT, interrupts.__setitem__)
            gc.disable()
            _load(
                spec_from_file_location(
                    "mainspring", f"{package}/_start.py", submodule_search_locations=[package]
                )
            )
            hand_on = sys.modules["mainspring"].start(root, wish)
            is_arranged = True
        finally:
            if interrupts and hand_on is not None:
                hand_on()
                interrupts.clear()
            hand_on = None
            gc.collect(0)
            if is_enabled:
                gc.enable()
            if not is_known:
                del sys.modules["gc"]
            if is_default:
                signal(SIGINT, default_int_handler)
            if interrupts:
                interrupts.clear()
                raise KeyboardInterrupt
except Exception:  # never the cause of a failure: the start goes on as CPython's own
    pass
