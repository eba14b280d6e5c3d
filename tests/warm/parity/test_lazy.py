"""A program that loads its modules lazily has those ahead that it loads, and no others."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from .test_selection import lay_out, read_recipe, start_warm

if TYPE_CHECKING:
    from .world import WarmWorld

#: as hgdemandimport does it
LAZILY = """
import importlib.util, sys, threading  # which LazyLoader imports, from 3.12 on

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


def list_steps(recipe: str) -> list[str]:
    """What the recipe of a program of these modules has ahead, but for Python's own modules."""
    rows = [line.split() for line in recipe.splitlines() if line.startswith("ahead ")]
    return [" ".join(row[1:-1]) for row in rows if row[-2] not in sys.stdlib_module_names]


def run_lazily(world: WarmWorld, main: str, **modules: str) -> tuple[bytes, str]:
    """What a warm start of it prints, which is what a plain one does, and its recipe."""
    tool = lay_out(world, f"import sys, lazily\nlazily.enable()\n{main}", **modules)
    return start_warm(world, tool), read_recipe(world)


def test_what_was_loaded_by_the_end_comes_ahead(warm_world: WarmWorld, modules: dict[str, str]) -> None:
    tool = lay_out(
        warm_world, f"import sys, lazily\nlazily.enable()\nimport one\none.text\n{SHOW}", **modules
    )
    printed = start_warm(warm_world, tool)
    assert printed == b"['one', 'two', 'four'] ['one', 'two', 'three', 'four'] two True\n"
    recipe = read_recipe(warm_world)
    assert list_steps(recipe) == ["lazily", "found one", "loaded one"]
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
    modules["one"] = "import sys\nfrom two import text\nsys.argv[0]"
    main = "import sys, lazily\nlazily.enable()\nimport two\ntwo.text\n"
    main += f"{between}\nimport one\none.text\n{SHOW}"
    tool = lay_out(warm_world, main, **modules)
    start_warm(warm_world, tool)
    assert "ahead loaded one" not in read_recipe(warm_world)


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
    assert "ahead loaded two" not in read_recipe(warm_world)


#: as mercurial.i18n does it to mercurial.error
PATCHING = {
    "words": "def word(): return 'plain'",
    "patcher": "import words\nwords.word = lambda: 'patched'",
    "user": "import words\ntext = words.word()",
}


def test_what_a_load_puts_into_another_module_is_there_for_those_that_follow(
    warm_world: WarmWorld, modules: dict[str, str]
) -> None:
    main = "import words, patcher, user\npatcher.words\nprint(user.text)"
    printed, recipe = run_lazily(warm_world, main, **modules, **PATCHING)
    assert printed == b"patched\n"
    assert list_steps(recipe)[-2:] == ["loaded patcher", "loaded user"]


def test_loads_come_in_the_order_in_which_the_program_has_them(
    warm_world: WarmWorld, modules: dict[str, str]
) -> None:
    modules["other"] = PATCHING["user"]
    main = "import words, patcher, user, other\nuser.text\npatcher.words\nprint(user.text, other.text)"
    printed, recipe = run_lazily(warm_world, main, **modules, **PATCHING)
    assert printed == b"plain patched\n"
    assert list_steps(recipe)[-3:] == ["loaded user", "loaded patcher", "loaded other"]


def test_a_load_that_patches_what_the_program_has_used_before_does_not_come_ahead(
    warm_world: WarmWorld, modules: dict[str, str]
) -> None:
    main = "import words, patcher, user\nbefore = words.word()\npatcher.words\nprint(before, user.text)"
    printed, recipe = run_lazily(warm_world, main, **modules, **PATCHING)
    assert printed == b"plain patched\n"
    assert "ended patch words.word" in recipe
    assert list_steps(recipe)[-1] == "loaded words"


@pytest.mark.parametrize(("call", "is_ahead"), [("", True), ("\ntext = use()", False)])
def test_what_the_program_replaced_counts_where_a_load_runs_what_mentions_it(
    warm_world: WarmWorld, modules: dict[str, str], call: str, *, is_ahead: bool
) -> None:
    modules["user"] = f"import words, four\ndef use(): return words.word(){call}"
    main = "import words, user\nwords.word()\nwords.word = lambda: 'of the program'\nprint(user.use())"
    printed, recipe = run_lazily(warm_world, main, words=PATCHING["words"], **modules)
    assert printed == b"of the program\n"
    assert ("loaded user" in list_steps(recipe)) == is_ahead
    assert ("\nnot user patched words.word\n" in recipe) == (not is_ahead)


def test_a_load_with_an_effect_of_its_own_is_left_to_the_program(
    warm_world: WarmWorld, modules: dict[str, str]
) -> None:
    modules["three"] = "import four\nfour.word\nimport os\nwho = os.getpid()"
    main = "import three, two\nassert three.who == __import__('os').getpid()\nprint(two.text)"
    _, recipe = run_lazily(warm_world, main, **modules)
    assert list_steps(recipe) == ["lazily", "found two", "found four", "loaded four", "loaded two"]
    assert "\nnot three process-id os.getpid\n" in recipe


def test_modules_stand_in_the_order_in_which_the_program_finds_them(
    warm_world: WarmWorld, modules: dict[str, str]
) -> None:
    modules["one"] = "import four, three"
    main = "import two, one\none.four\ntwo.text\nprint([*sys.modules][-9:])"
    run_lazily(warm_world, main, **modules)


def test_a_module_that_is_not_to_be_lazy_is_not_so_in_a_host(
    warm_world: WarmWorld, modules: dict[str, str]
) -> None:
    modules["lazily"] = LAZILY.replace("if spec is not None", "if name != 'once' and spec is not None")
    modules["once"] = "raise ImportError"
    modules["one"] = "try: import once\nexcept ImportError: text = 'no once'"
    printed, recipe = run_lazily(warm_world, "import one\nprint(one.text)", **modules)
    assert printed == b"no once\n"
    assert list_steps(recipe) == ["at-once once", "lazily", "found one", "loaded one"]
