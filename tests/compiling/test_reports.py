"""What a run says: one line for people, all errors with their places, and facts for programs."""

from __future__ import annotations

import os
import re
import subprocess
import zipapp
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .calls import PROGRAM, ask, call, count, make_program, make_tree

if TYPE_CHECKING:
    from starts import World

SUMMARY = re.compile(
    rb"\d+ compiled, \d+ unchanged, (?:\d+ left alone \(.*\), )?\d+ failed in \d+\.\d s\n"
)


def test_one_line_sums_it_up(world: World) -> None:
    make_tree(world.home / "tree", a="a = 1\n", sub__b="b = 1\n")
    first, second = call(world, "tree"), call(world, "tree")
    assert first.stdout.startswith(b"2 compiled, 0 unchanged, 0 failed in ")
    assert second.stdout.startswith(b"0 compiled, 2 unchanged, 0 failed in ")
    for ended in (first, second):
        assert (ended.status, ended.stderr) == (0, b"")
        assert SUMMARY.fullmatch(ended.stdout)


def test_the_facts_of_a_run(world: World) -> None:
    tree = make_tree(world.home / "tree", a="a = 1\n", b="b = (\n")
    with zipfile.ZipFile(tree / "archive", "w") as archive:
        archive.writestr("__main__.py", "print('ran')\n")
    facts = ask(world, "tree", "tree/archive", "missing", status=1)
    seconds = facts.pop("seconds")
    assert 0 < seconds < 100
    assert facts == {
        "compiled": 1,
        "unchanged": 0,
        "failed": 1,
        "source_bytes": 6,
        "left": [{"path": "tree/archive", "reason": "zip-program"}],
        "unlisted": [{"path": "missing", "problem": "No such file or directory"}],
        "errors": [{"path": "tree/b.py", "line": 1, "message": "SyntaxError: '(' was never closed"}],
    }


BROKEN = {
    "indent": ("\n\n  x = 1\n", 3, "IndentationError: unexpected indent"),
    "tabs": ("if 1:\n        x\n\ty\n", 3, "TabError: "),
    "bytes": ("x = 1\ny = '\udcff'\n", None, "SyntaxError: "),
    "cookie": ("# coding: nonsense\n", None, "SyntaxError: "),
    "null": ("x = 1\0\n", None, ""),
    "unclosed": ("x = 1\ny = (\n", 2, "SyntaxError: '(' was never closed"),
    "deep": ("(" * 5000 + ")" * 5000, None, ""),
    "digits": (f"x = {'9' * 5000}\n", 1, "SyntaxError: Exceeds the limit"),
}


def test_every_error_has_its_place(world: World) -> None:
    tree = make_tree(world.home / "tree", good="good = 1\n")
    for name, (text, _, _) in BROKEN.items():
        (tree / f"{name}.py").write_text(text, errors="surrogateescape")
    ended = call(world, "-q", "tree")
    assert (ended.status, ended.stderr) == (1, b"")
    lines = ended.stdout.decode().splitlines()
    for name, (_, line, message) in BROKEN.items():
        place = f"tree/{name}.py:{r'[0-9]+' if line is None else line}: "
        assert [one for one in lines if re.match(place + re.escape(message), one)], name
    facts = ask(world, "tree", status=1)
    assert count(facts) == (0, 1, len(BROKEN))


def test_a_file_that_cannot_be_written_is_an_error_of_its_source(world: World) -> None:
    tree = make_tree(world.home / "tree", a="a = 1\n", sub__b="b = 1\n")
    (tree / "__pycache__").write_text("in the way")
    ended = call(world, "-q", "tree")
    assert ended.status == 1
    assert re.match(rb"tree/a\.py:1: (NotADirectoryError|FileExistsError): ", ended.stdout)
    assert list((tree / "sub" / "__pycache__").iterdir()) != []


def test_an_error_of_a_file_that_was_named_beside_a_folder(world: World) -> None:
    make_tree(world.home, tree__a="a = 1\n", bad="bad = (\n")
    ended = call(world, "tree", "bad.py")
    assert (ended.status, ended.stderr) == (1, b"")
    assert ended.stdout.startswith(b"bad.py:1: SyntaxError: ")


def test_a_warning_that_is_to_be_an_error_has_its_line(world: World) -> None:
    make_tree(world.home, warned="x = 1\nprint(x is 1)\n")
    ended = call(world, "-q", "warned.py", PYTHONWARNINGS="error")
    assert (ended.status, ended.stderr) == (1, b"")
    assert ended.stdout.startswith(b'warned.py:2: SyntaxWarning: "is" with ')
    assert not (world.home / "__pycache__").exists()
    ended = call(world, "-q", "warned.py")
    assert ended.status == 0
    assert ended.stderr.startswith(b'warned.py:2: SyntaxWarning: "is" with ')


def test_without_standard_output(world: World) -> None:
    make_tree(world.home, tree__a="a = 1\n")
    command = ["sh", "-c", 'exec "$@" >&- 2>err', "sh"]
    assert call(world, "tree", before=tuple(command)) == call(world, "-qq", "tree")
    assert (world.home / "err").read_bytes() == b""


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "utf-8:strict", "latin-1"])
def test_names_that_the_terminal_cannot_show(world: World, encoding: str) -> None:
    tree = world.home / "tree"
    for name in ("é", "\udce9", "☃"):
        make_tree(tree / f"folder{name}", bad="bad = (\n")
        (world.home / f"zip{name}").write_bytes(b"PK\5\6" + bytes(18))
    names = [os.fsencode(path.name) for path in world.home.glob("zip*")]
    words = [*sorted(os.fsdecode(name) for name in names), "tree", "missing-é-\udce9"]
    ended = call(world, *words, PYTHONIOENCODING=encoding)
    assert (ended.status, ended.stderr) == (1, b"")
    assert ended.stdout.count(b"left alone: ") == 3
    assert ended.stdout.count(b"bad.py:1: SyntaxError: ") == 3
    assert ended.stdout.count(b"Can't list 'missing-") == 1
    facts = ask(world, *words, status=1, PYTHONIOENCODING=encoding)
    assert {one["path"] for one in facts["left"]} == set(words[:3])


def test_a_module_s_warnings_are_given_as_compileall_gives_them(world: World) -> None:
    text = "x = 1\nprint(x is 1, '\\d')\nassert (x, 'always')\n"
    make_tree(world.home, a=text)
    ours = call(world, "a.py")
    theirs = world.start("plain", "-m", "compileall", "-f", "a.py", env=world.environment())
    assert ours.stderr == theirs.stderr != b""


def test_sources_that_cannot_be_read(world: World) -> None:
    tree = make_tree(world.home / "tree", a="a = 1\n")
    (tree / "dangling.py").symlink_to("nowhere")
    (tree / "loop.py").symlink_to("loop.py")
    os.mkfifo(tree / "pipe.py")
    (tree / "folder.py").mkdir()
    (tree / "script").symlink_to("/dev/null")
    assert count(ask(world, "tree")) == (1, 0, 0)
    facts = ask(world, "tree/pipe.py", "tree/dangling.py", "/dev/null")
    assert [one["reason"] for one in facts["left"]] == ["not-a-file"] * 2
    assert [one["path"] for one in facts["unlisted"]] == ["tree/dangling.py"]


def test_programs_that_are_left_alone_are_named_with_a_clear_word(world: World) -> None:
    source = world.home / "app"
    source.mkdir()
    (source / "__main__.py").write_text("print('ran')\n")
    zipapp.create_archive(source, world.home / "app.pyz", interpreter="/usr/bin/env python3")
    (world.home / "script.sh").write_text("#!/bin/sh\n")
    (world.home / "old.pyc").write_bytes(b"")
    make_program(world.home / "theirs", "#!/usr/bin/python2.7\n" + PROGRAM)
    words = ["app.pyz", "script.sh", "old.pyc", "theirs"]
    ended = call(world, *words)
    lines = ended.stdout.decode().splitlines()
    assert (ended.status, ended.stderr) == (0, b"")
    assert lines[:4] == [
        "app.pyz: left alone: a program in a zip file, which CPython reads by itself",
        "script.sh: left alone: no `#!` line says that it is a Python program",
        "old.pyc: left alone: the program is a .pyc file, which CPython runs as it is",
        "theirs: left alone: its `#!` line names another interpreter",
    ]
    assert world.entries == []
    plain = subprocess.run(
        [world.plain_python, "app.pyz"], cwd=world.home, check=True, capture_output=True
    )
    assert plain.stdout == b"ran\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-d", "x", "-s", "y", "t"], "-d excludes -s and -p"),
        (["-d", "x", "-p", "y", "t"], "-d excludes -s and -p"),
        (["--hardlink-dupes", "t"], "--hardlink-dupes needs two levels"),
        (["--hardlink-dupes", "-o1", "-o1", "t"], "--hardlink-dupes needs two levels"),
        (["--executor", "nothing", "t"], "nothing is no executor"),
        (["--executor", "dask://", "t"], "dask:// is no executor"),
        (["--executor", "dask://localhost", "t"], "dask://localhost is no executor"),
        (["--executor", "dask://localhost:port", "t"], "dask://localhost:port is no executor"),
        (["--executor", "dask://localhost:99999", "t"], "dask://localhost:99999 is no executor"),
        (["--executor", "tcp://localhost:1", "t"], "tcp://localhost:1 is no executor"),
        (
            ["--read-only-image", "--invalidation-mode", "timestamp", "t"],
            "--read-only-image means unchecked-hash",
        ),
    ],
)
def test_options_that_make_no_sense(world: World, words: list[str], said: str) -> None:
    make_tree(world.home / "t", a="a = 1\n")
    ended = call(world, *words)
    assert (ended.status, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(f"mainspring: {said}; ".encode())
    assert ended.stderr.count(b"\n") == 1
    assert not Path(world.home, "t", "__pycache__").exists()


def test_a_list_that_cannot_be_read(world: World) -> None:
    for path in ("missing", "."):
        ended = call(world, "-i", path)
        assert ended.status == 1
        assert ended.stderr.startswith(f"mainspring: cannot read the list {path} (".encode())
        assert ended.stderr.count(b"\n") == 1
