"""The `.pyc` files of modules are, byte for byte and in their modes, those of `compileall`."""

from __future__ import annotations

import marshal
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .calls import call, compile_all, list_compiled, make_tree

if TYPE_CHECKING:
    from starts import World

#: everything is compared when there is time for it
LONG = bool(os.environ.get("MAINSPRING_LONG"))
SAMPLE = 150
#: sources that do not compile, on purpose, and one whose code has the name of that of `.py`
LEFT_OUT = ("py.py", "test", "tests", "lib2to3", "idlelib", "__pycache__", "node_modules")
#: From 3.12 on some texts stay interned for as long as a process lives, and marshal tells them from
#: others: of a thousand files `compileall` itself writes one or two differently from run to run (-j).
TOLERANCE = 10**9 if sys.version_info < (3, 12) else 500
EPOCH = {"SOURCE_DATE_EPOCH": "1000000000"}
MODES = ("timestamp", "checked-hash", "unchecked-hash")


def list_modules(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*.py")) if not set(path.parts) & set(LEFT_OUT)]


def choose(paths: list[Path]) -> list[Path]:
    """All of *paths*, or as many as there is time for, of all of them."""
    return paths if LONG else paths[:: len(paths) // SAMPLE + 1]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Modules of the standard library and of installed packages."""
    base = tmp_path_factory.mktemp("sources")
    for name in ("stdlib", "purelib"):
        folder = Path(sysconfig.get_path(name))
        paths = [path.relative_to(folder) for path in list_modules(folder)]
        for path in choose([path for path in paths if path.parts[0] != "site-packages"]):
            (base / name / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / path, base / name / path)
    return base


def compare(world: World, sources: Path, *options: str, **changes: str) -> int:
    """Hold what `compile` leaves against what `compileall` does; how many files that are."""
    tree = world.home / "tree"
    shutil.copytree(sources, tree)
    compile_all(*options, tree, env=changes)
    theirs = list_compiled(tree)
    for path in tree.rglob("__pycache__"):
        shutil.rmtree(path)
    for path in tree.rglob("*.pyc"):
        path.unlink()
    ended = call(world, "-q", *options, tree, **changes)
    ours = list_compiled(tree)
    assert ours.keys() == theirs.keys()
    different = [name for name, content in theirs.items() if ours[name] != content]
    assert len(different) <= len(ours) // TOLERANCE
    for name in different:
        assert is_same_code(ours[name], theirs[name]), name
    assert ended.status == 0
    return len(ours)


def is_same_code(ours: tuple[int, bytes], theirs: tuple[int, bytes]) -> bool:
    (mode, content), (other_mode, other) = ours, theirs
    same_head = (mode, content[:16]) == (other_mode, other[:16])
    return same_head and marshal.loads(content[16:]) == marshal.loads(other[16:])


def test_a_real_tree(world: World, sources: Path) -> None:
    assert compare(world, sources) >= SAMPLE


def test_a_real_tree_at_all_levels_of_optimisation(world: World, sources: Path) -> None:
    assert compare(world, sources, "-o0", "-o1", "-o2") >= 3 * SAMPLE


@pytest.fixture
def few(world: World, sources: Path) -> Path:
    """Some of the sources, with modes of all kinds."""
    few = world.home / "few"
    few.mkdir()
    modes = (0o644, 0o600, 0o444, 0o400, 0o755, 0o666, 0o640, 0o4755, 0o2664, 0o777)
    for path, mode in zip(
        sorted(sources.rglob("*.py"))[:: 1 if LONG else 20], modes * 10000, strict=False
    ):
        shutil.copy2(path, few / path.name)
        (few / path.name).chmod(mode)
    (few / "package").mkdir()
    (few / "package" / "__init__.py").write_text("")
    (few / ".py").write_text("hidden = 1\n")
    (few / "dotted.name.py").write_text("dotted = 1\n")
    (few / "latin.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    (few / "names.py").write_text("x = '\\N{SNOWMAN}'\ny = 'é'\n")
    (few / "marked.py").write_bytes(b"\xef\xbb\xbfx = 1\r\ny = '''\r\n'''\r")
    return few


@pytest.mark.parametrize(
    "options",
    [
        *(["--invalidation-mode", mode] for mode in MODES),
        ["-b"],
        ["-b", "-o0", "-o1"],
        ["-d", "/elsewhere"],
        # older ones take parts out of paths that do not lie there
        *([["-s", "/nowhere", "-p", "/elsewhere"]] if sys.version_info >= (3, 13) else []),
        ["-p", "/elsewhere/"],
        ["-o1"],
        ["-o", "2", "-o", "0", "--invalidation-mode=unchecked-hash"],
        ["-l"],
        ["-r", "0"],
        ["-j", "1"],
        ["-j3", "-f"],
        ["-x", "/[a-m][^/]*$"],
    ],
    ids=" ".join,
)
def test_options(world: World, few: Path, options: list[str]) -> None:
    assert compare(world, few, *options) > 5


@pytest.mark.parametrize("mode", MODES)
def test_with_source_date_epoch(world: World, few: Path, mode: str) -> None:
    assert compare(world, few, "--invalidation-mode", mode, **EPOCH) > 5


def test_source_date_epoch_by_itself(world: World, few: Path) -> None:
    assert compare(world, few, **EPOCH) > 5
    [path] = few.parent.glob("tree/__pycache__/latin.*.pyc")
    assert path.read_bytes()[4] == 3


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o027])
def test_umasks(world: World, few: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert compare(world, few) > 5
    finally:
        os.umask(before)


def strip_tree(world: World, name: str) -> list[str]:
    return ["-s", str(world.home), "-p", f"/{name}"]


def test_strip_and_prepend(world: World, few: Path) -> None:
    assert compare(world, few, *strip_tree(world, "usr")) > 5
    [path] = few.parent.glob("tree/__pycache__/latin.*.pyc")
    content = path.read_bytes()
    assert b"/usr/tree/latin.py" in content
    assert os.fsencode(world.home) not in content


def test_a_path_to_strip_that_leads_nowhere_is_told(world: World) -> None:
    make_tree(world.home / "tree", a="a = 1\n", b="b = 1\n")
    expected = b"-s does not lead to all sources: the paths of 2 are left whole\n"
    assert call(world, "-q", "-s", "/nowhere", "tree").stdout == expected
    assert call(world, "-qqf", "-s", "/nowhere", "tree").stdout == b""
    for folder in (world.home, f"{world.home}/"):
        assert call(world, "-qf", "-s", folder, world.home / "tree").stdout == b""
        [path] = world.home.glob("tree/__pycache__/a.*")
        assert os.fsencode(world.home) not in path.read_bytes()


def test_equal_levels_are_links_of_each_other(world: World) -> None:
    text = {"same": "x = 1\n", "documented": '"""Words."""\n', "asserting": "assert x\n"}
    folders = [make_tree(world.home / name, **text) for name in ("1", "2")]
    options = ["-o0", "-o1", "-o2", "--hardlink-dupes", "-s", str(world.home)]
    compile_all(*options, folders[0])
    call(world, *options, folders[1])
    theirs, ours = (describe_links(folder) for folder in folders)
    assert ours == theirs
    assert sorted(len(names) for names in ours) == [1, 1, 2, 2, 3]


def describe_links(folder: Path) -> set[tuple[str, ...]]:
    """The names of each file that are there more than once."""
    files: dict[int, list[str]] = {}
    for path in sorted((folder / "__pycache__").iterdir()):
        files.setdefault(path.stat().st_ino, []).append(path.name)
    return {tuple(names) for names in files.values()}


def test_what_a_link_leads_to_is_not_overwritten(world: World) -> None:
    for name in ("link", "folder"):
        tree = make_tree(world.home / name, a="a = 1\n")
        place = tree / "__pycache__" / f"a.{sys.implementation.cache_tag}.pyc"
        place.parent.mkdir()
        target = tree / "target"
        if name == "link":
            target.write_text("precious")
            place.symlink_to(target)
        else:
            place.mkdir()
        ended = call(world, "-q", tree)
        assert ended.status == 1
        assert ended.stdout.startswith(os.fsencode(tree / "a.py") + b":1: FileExistsError: ")
        assert name != "link" or target.read_text() == "precious"


def test_a_prefix_for_all_bytecode(world: World) -> None:
    tree = make_tree(world.home / "tree", a="a = 1\n", sub__b="b = 1\n")
    places = [world.home / name for name in ("ours", "them")]
    compile_all(tree, env={"PYTHONPYCACHEPREFIX": str(places[1])})
    call(world, "-q", tree, PYTHONPYCACHEPREFIX=str(places[0]))
    theirs, ours = (list_compiled(place / tree.relative_to("/")) for place in places)
    assert ours == theirs
    assert len(ours) == 2
    assert list_compiled(tree) == {}


def test_a_list_from_standard_input(world: World) -> None:
    tree = make_tree(world.home / "tree", a="a = 1\n", b="b = 1\n", c="c = 1\n")
    ended = call(world, "-q", "-i", "-", "tree/c.py", stdin=b"tree/a.py\n\n")
    assert (ended.status, ended.stdout) == (0, b"")
    assert sorted(name.split(".")[0] for name in list_compiled(tree)) == [
        "__pycache__/a",
        "__pycache__/c",
    ]


def test_as_a_module_of_the_interpreter(world: World) -> None:
    make_tree(world.home / "tree", a="a = 1\n")
    for words in (["-q", "tree"], ["-f", "-qq", "tree"]):
        command = [sys.executable, "-m", "mainspring", "compile", *words]
        done = subprocess.run(
            command, cwd=world.home, env=world.environment(), check=True, capture_output=True
        )
        assert (done.stdout, done.stderr) == (b"", b"")
    assert len(list_compiled(world.home / "tree")) == 1
