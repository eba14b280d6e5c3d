"""Files beside a script come before others for its imports, and never for the hook's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, each
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

#: All that the hook imports, at any start: were one of these taken from the folder, it would say so.
IMPORTED_BY_THE_HOOK = (
    "_frozen_importlib", "_frozen_importlib_external", "_imp", "_keep", "_native", "_start",
    "_warnings", "builtins", "codecache", "compiler", "counters", "entry", "errno", "errors", "gc",
    "hook", "keeper", "key", "lookup", "mainspring", "marshal", "mounts", "os", "places", "posix",
    "program", "reasons", "settings", "site", "sitecustomize", "start", "startlog", "stat", "sweep",
    "sys", "tally", "time", "usercustomize", "warnings", "writer",
)  # fmt: skip
LOUD = "print('taken from the folder:', __name__)\nraise SystemExit(99)\n"
LOUD_FILES = {f"{name}.py": LOUD for name in IMPORTED_BY_THE_HOOK}
LOUD_PACKAGES = {f"{name}/__init__.py": LOUD for name in IMPORTED_BY_THE_HOOK}
LOUD_IN_PACKAGE = {
    f"mainspring/{name}.py": LOUD for name in ("hook", "startlog", "_keep", "_start", "_native")
}
QUIET = "import sys\nprint(__file__, sorted(sys.modules)[:3])\n"
OWN_MAINSPRING = "import mainspring\nimport mainspring.hook\nprint(mainspring, mainspring.hook.x)\n"
OWN_FILES = {"mainspring/__init__.py": "", "mainspring/hook.py": "x = 5\n"}


@each(
    Case("files", QUIET, files=LOUD_FILES),
    Case("packages", QUIET, files=LOUD_PACKAGES),
    Case("within a package", QUIET, files=LOUD_IN_PACKAGE),
    Case("in the folder of the script alone", QUIET, script_name="a/main.py",
         files={f"a/{name}": LOUD for name in LOUD_FILES}),
    Case("in the present folder alone", QUIET, script_name="a/main.py", files=LOUD_FILES),
    Case("where a script warns", "x = 1 is 1\nimport sys\nprint(sorted(sys.modules)[0])\n",
         files={name: text for name, text in LOUD_FILES.items() if name != "warnings.py"}),
    Case("extension that cannot be loaded", QUIET, files={"_native.abi3.so": "", "_native.so": ""}),
)  # fmt: skip
def test_no_import_of_the_hook_looks_beside_the_script(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("its own mainspring", OWN_MAINSPRING, files=OWN_FILES, shows=b" 5"),
    Case("json", "import json\nprint(json.mine)\n", files={"json.py": "mine = 1\n"}, shows=b"1"),
    Case("itself", "import sys\nif __name__ == '__main__':\n    import main\n    print(main.__file__)\n"
         "else:\n    print('again', __name__)\n", shows=b"again main"),
    Case("a stdlib name of its own", "import random\nprint(random.__file__)\n", script_name="random.py"),
    Case("warnings of its own", "x = 1 is 1\nimport warnings\n", files={"warnings.py": LOUD},
         status=None),
    Case("a late sitecustomize", "import sitecustomize\n", files={"sitecustomize.py": LOUD},
         status=None),
    Case("a late usercustomize", "import usercustomize\n", files={"usercustomize.py": LOUD}, status=99),
    Case("errno, read late", "import os\ntry:\n    open('no')\nexcept OSError as e:\n    import errno\n"
         "    print(e.errno == errno.ENOENT)\n", files={"errno.py": LOUD}, shows=b"True"),
    Case("no mainspring at all", "try:\n    import mainspring\nexcept ImportError as e:\n    print(e)\n",
         shows=b"No module named 'mainspring'"),
    Case("packages of the interpreter", "import importlib.metadata as m, pkgutil\n"
         "print([d.name for d in m.distributions()])\n"
         "print([m.name for m in pkgutil.iter_modules() if 'main' in m.name])\n"),
)  # fmt: skip
def test_imports_of_the_program_find_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)
