"""What `site` runs before the program selects the host as well, or rules one out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starts import make_bare_venv

from .remains import wait_for

if TYPE_CHECKING:
    from .world import WarmWorld

REMEMBERS = 'import os\nremembered = os.environ.get("FOO")\n'
IN_A_FUNCTION = 'import os\ndef read(name="FOO"):\n    return os.environ.get(name)\nremembered = read()\n'
IN_SMALL_LETTERS = 'import os\nremembered = os.environ.get("FOO"), os.getenv("foo")\n'
TELLS = "import sys; print(getattr(sys.modules.get({name!r}), 'remembered', 'none'))"
SHIM = """\
import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; \
enabled and __import__('_distutils_hack');
"""
FINDER = """\
from __future__ import annotations
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder

MAPPING = {"part": "/nowhere/part"}
PATH_PLACEHOLDER = "__editable__.part-1.finder.__path_hook__"

class Finder:
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname in MAPPING:
            return PathFinder.find_spec(fullname, [os.path.join(os.getcwd(), sys.argv[0])])
        return None

def install():
    if not any(finder == Finder for finder in sys.meta_path):
        sys.meta_path.append(Finder)
"""


@dataclass
class Site:
    """A world of an interpreter of its own, and that one's site-packages.

    A sitecustomize goes to PYTHONPATH: an interpreter may have one of its own, as Debian's have, which
    would be found before that in site-packages.
    """

    world: WarmWorld
    packages: Path

    def write(self, name: str, text: str) -> None:
        is_found_first = name == "sitecustomize.py"
        folder = Path(self.world.settings["PYTHONPATH"]) if is_found_first else self.packages
        (folder / name).write_text(text)

    def start(self, program: Path, **variables: str) -> bytes:
        """What a start prints, which is what a plain one does."""
        env = self.world.environment(**variables)
        printed = self.world.ask_for_warm(program, env=env).stdout
        assert printed == self.world.start_plain(program, env=env).stdout
        return printed

    def start_warm(self, program: Path, **variables: str) -> bytes:
        """The same, until a start is warm."""
        printed: set[bytes] = set()
        self.world.repeat_until_warm(lambda: printed.add(self.start(program, **variables)))
        [only] = printed
        return only

    def read_recipe(self) -> str:
        [file] = self.world.folder.glob("*.recipe")
        return file.read_text()


@pytest.fixture
def site(warm_world: WarmWorld, tmp_path: Path) -> Site:
    python = make_bare_venv(tmp_path / "own")
    [packages] = (tmp_path / "own").glob("lib/python3.*/site-packages")
    (tmp_path / "custom").mkdir()
    warm_world.settings["PYTHONPATH"] = str(tmp_path / "custom")
    return Site(replace(warm_world, plain_python=python), packages)


@pytest.mark.parametrize("text", [REMEMBERS, IN_A_FUNCTION, IN_SMALL_LETTERS])
@pytest.mark.parametrize("name", ["sitecustomize", "noting"])
def test_what_site_has_read_of_the_environment_selects(site: Site, name: str, text: str) -> None:
    site.write(f"{name}.py", text)
    site.write("noting.pth", f"import {name}\n")
    tool = site.world.write("tool.py", TELLS.format(name=name))
    told = {site.start_warm(tool, FOO=value, foo=value) for value in ("one", "two")}
    assert len(told) == 2
    assert site.start(tool, FOO="three", foo="four") not in told
    assert "\nenv FOO\n" in site.read_recipe()


def test_what_a_line_of_a_path_file_reads_selects(site: Site) -> None:
    site.write("line.pth", "import os, sys; sys.remembered = os.environ.get('FOO')\n")
    tool = site.world.write("tool.py", "import sys; print(sys.remembered)")
    assert [site.start_warm(tool, FOO=value) for value in ("one", "two")] == [b"one\n", b"two\n"]


def test_a_file_that_site_has_read_is_watched(site: Site) -> None:
    file = site.world.write("noted.cfg", "old")
    site.write("sitecustomize.py", f"with open({str(file)!r}) as file:\n    remembered = file.read()\n")
    tool = site.world.write("tool.py", TELLS.format(name="sitecustomize"))
    assert site.start_warm(tool) == b"old\n"
    file.write_text("new")
    assert site.start(tool) == b"new\n"
    assert site.start_warm(tool) == b"new\n"


@pytest.mark.parametrize("code", ["os.getcwd()", "sys.argv", "dict(os.environ)"])
def test_there_is_no_host_of_what_site_keeps_of_its_caller(site: Site, code: str) -> None:
    site.write("sitecustomize.py", f"import os, sys\nremembered = sorted({code})\n")
    tool = site.world.write("tool.py", "import sys; print(len(sys.modules['sitecustomize'].remembered))")

    def is_never() -> bool:
        site.world.ask_for_warm(tool)
        return "\nstate never site\n" in site.read_recipe()

    wait_for(is_never, "never", 30)
    assert site.start(tool)
    assert site.world.last_reason == "never"


def test_a_site_that_comes_to_ask_has_no_host_any_more(site: Site) -> None:
    site.write("sitecustomize.py", "remembered = ''\n")
    tool = site.world.write("tool.py", TELLS.format(name="sitecustomize"))
    assert site.start_warm(tool) == b"\n"
    site.write("sitecustomize.py", "import os\nremembered = os.getcwd()\n")

    def is_never() -> bool:
        assert site.start(tool) == f"{site.world.work}\n".encode()
        return "\nstate never site\n" in site.read_recipe()

    wait_for(is_never, "never", 30)


def test_what_site_only_defines_is_not_held_against_it(site: Site) -> None:
    """As setuptools and editable installs leave it behind."""
    site.write("distutils-precedence.pth", SHIM)
    site.write("_distutils_hack.py", "import os\nuses = os.environ.get('SETUPTOOLS_USE_DISTUTILS')\n")
    site.write("__editable__.part-1.pth", "import __editable___part_finder as f; f.install()\n")
    site.write("__editable___part_finder.py", FINDER)
    tool = site.world.write("tool.py", "import sys, json; print(sys.meta_path[-1].__name__)")
    assert site.start_warm(tool) == b"Finder\n"


def test_a_measured_start_has_no_host_and_others_keep_theirs(site: Site) -> None:
    """As coverage does it: it notes where it is, if a variable says that it is to measure."""
    site.write(
        "a1.pth", "import os; exec('if \"COVERAGE_PROCESS_START\" in os.environ: import coverage')\n"
    )
    site.write("coverage.py", "import os\nremembered = os.getcwd()\n")
    tool = site.world.write("tool.py", TELLS.format(name="coverage"))
    assert site.start_warm(tool) == b"none\n"
    log = site.world.home / ".local/state/mainspring/hosts.log"

    def is_refused() -> bool:
        assert site.start(tool, COVERAGE_PROCESS_START="/x") == f"{site.world.work}\n".encode()
        return "ended site coverage" in log.read_text().replace("\t", " ")

    wait_for(is_refused, "refused", 30)
    assert site.start_warm(tool) == b"none\n"
