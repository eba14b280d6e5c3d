"""A program that loads its modules lazily has those ahead that it loads, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .test_selection import lay_out, read_recipe, start_warm

if TYPE_CHECKING:
    from .world import WarmWorld

#: as hgdemandimport does it
LAZILY = """
import importlib.util, sys, threading  # on which LazyLoader itself stands, from 3.13 on

class Loader(importlib.util.LazyLoader):
    pass

class Finder:
    __slots__ = ("_finder",)
    def __init__(self, finder):
        self._finder = finder
    def find_spec(self, name, path, target=None):
        spec = self._finder.find_spec(name, path, target)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = Loader(spec.loader)
        return spec

def enable():
    sys.meta_path[:] = [Finder(finder) for finder in sys.meta_path]
"""
SHOW = """
def show():
    loaded = [name for name in NAMES if type(sys.modules.get(name)) is type(sys)]
    print(loaded, [name for name in NAMES if name in sys.modules], one.text)
NAMES = ["one", "two", "three", "four"]
show()
"""


@pytest.fixture
def modules() -> dict[str, str]:
    return {
        "lazily": LAZILY,
        "one": "import two, three\nfrom four import word\ntext = two.text",
        "two": "import os\ntext = f'two {os.path.exists(__file__)}'",
        "three": "import os\nos.getpid()\nprint('three is loaded')",
        "four": "word = 4",
    }


def test_what_was_loaded_by_the_end_comes_ahead(warm_world: WarmWorld, modules: dict[str, str]) -> None:
    tool = lay_out(
        warm_world, f"import sys, lazily\nlazily.enable()\nimport one\none.text\n{SHOW}", **modules
    )
    printed = start_warm(warm_world, tool)
    assert printed == b"['one', 'two', 'four'] ['one', 'two', 'three', 'four'] two True\n"
    recipe = read_recipe(warm_world)
    for name in ("one", "two", "four"):
        assert f"\nahead {name} 0\n" in recipe
    assert "three" not in recipe
    assert "import-system" not in recipe


def test_what_was_not_loaded_is_loaded_when_the_program_looks_into_it(
    warm_world: WarmWorld, modules: dict[str, str]
) -> None:
    main = (
        f"import sys, lazily\nlazily.enable()\nimport one\none.text\n{SHOW}if sys.argv[1:]: one.three.x\n"
    )
    tool = lay_out(warm_world, main, **modules)
    start_warm(warm_world, tool)
    plain = warm_world.start_plain(tool, "more")
    warm = warm_world.ask_for_warm(tool, "more")
    assert warm_world.last_outcome == "warm"
    assert (warm.status, warm.stdout) == (plain.status, plain.stdout)
    assert b"three is loaded" in warm.stdout


def test_a_module_that_was_edited_is_loaded_anew(warm_world: WarmWorld, modules: dict[str, str]) -> None:
    tool = lay_out(
        warm_world, f"import sys, lazily\nlazily.enable()\nimport one\none.text\n{SHOW}", **modules
    )
    start_warm(warm_world, tool)
    warm_world.write("two.py", "text = 'another'")
    assert warm_world.ask_for_warm(tool).stdout.endswith(b"another\n")


@pytest.mark.parametrize(
    "between",
    [
        "import os; os.environ['X'] = '1'",
        "sys.path.insert(0, '/nowhere')",
        "sys.argv = ['other']",
        "import two; two.text = 'patched'",
    ],
)
def test_what_comes_after_a_change_of_the_programs_does_not(
    warm_world: WarmWorld, modules: dict[str, str], between: str
) -> None:
    modules["one"] = "from two import text"
    main = "import sys, lazily\nlazily.enable()\nimport two\ntwo.text\n"
    main += f"{between}\nimport one\none.text\n{SHOW}"
    tool = lay_out(warm_world, main, **modules)
    start_warm(warm_world, tool)
    assert "\nahead one" not in read_recipe(warm_world)


def test_a_finder_that_does_more_than_that_ends_the_run(
    warm_world: WarmWorld, modules: dict[str, str]
) -> None:
    more = LAZILY.replace("spec.loader = Loader(spec.loader)", "spec.loader = Other(spec.loader)")
    more += """
class Other:
    def __init__(self, loader):
        self.inner = loader
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        self.inner.exec_module(module)
        module.text = 'of another loader'
"""
    modules["lazily"] = more
    tool = lay_out(warm_world, "import lazily\nlazily.enable()\nimport two\nprint(two.text)", **modules)
    assert start_warm(warm_world, tool) == b"of another loader\n"
    assert "\nended import-system sys.meta_path\n" in read_recipe(warm_world)
    assert "\nahead two" not in read_recipe(warm_world)
