"""Scripts get the entry that a start of them would have made, and a start then finds it."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from security.people import let_age, list_temporary, list_tree, read_identity, settle_entries

from mainspring.codecache.entry import Entry, decode_entry

from .calls import PROGRAM, ask, call, check_hit, count, make_program, make_tree
from .test_unchanged import wait_until_aged

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

TAG = sys.implementation.cache_tag


def read_entry(path: Path) -> Entry:
    content = path.read_bytes()
    return decode_entry(content, read_identity(content))


SCRIPTS = {
    "plain": PROGRAM.encode(),
    "names": b"#!/usr/bin/env python3\nprint('\\N{SNOWMAN} \\N{GREEK SMALL LETTER ALPHA}')\n",
    "latin": b"#!/usr/bin/env python3\n# coding: latin-1\nprint(ascii('\xe9'))\n",
    "cp1252": b"#!/usr/bin/env python3\n# vim: set fileencoding=cp1252 :\nprint(ascii('\x80'))\n",
    "utf-8": "#!/usr/bin/env python3\nprint(ascii('é☃'))\nblåbær = 1\n".encode(),
    "marked": b"\xef\xbb\xbf#!/usr/bin/env python3\nprint('marked')\n",
    "warned": b"#!/usr/bin/env python3\nx = 1\nprint(x is 1, '\\d', '\xc3\xa9')\nassert (x, 'y')\n",
    "warned-and-named": b"#!/usr/bin/env python3\nprint(1 is 1, ascii('\\N{SNOWMAN}'))\n",
    "lines": b"#!/usr/bin/env python3\r\nprint('''\r\n''' == '\\n')\r\nraise SystemExit(4)",
    "tracebacks": b"#!/usr/bin/env python3\ndef f():\n    raise ValueError\nf()\n",
    "future": b"#!/usr/bin/env python3\nfrom __future__ import annotations\nx: int\nprint(__name__)",
    "documented": b'#!/usr/bin/env python3\n"""Words."""\nassert __doc__ is None, __doc__\n',
}


@pytest.mark.parametrize("optimize", [None, "1", "2"])
def test_an_entry_is_what_a_start_would_have_written(world: World, optimize: str | None) -> None:
    scripts = [make_program(world.home / "bin" / name, "") for name in SCRIPTS]
    for script in scripts:
        script.write_bytes(SCRIPTS[script.name])
    starts = {script: world.start("enabled", script, env=change(world, optimize)) for script in scripts}
    settle_entries(world)
    by_starts = {path.relative_to(world.cache): read_entry(path) for path in world.entries}
    for path in world.entries:
        path.unlink()
    ended = call(world, "bin", PYTHONOPTIMIZE=optimize)
    assert ended.stdout.startswith(b"%d compiled, 0 unchanged, 0 failed" % (len(scripts) - 1))
    assert ended.stderr.count(b"SyntaxWarning") >= 3
    ahead = {path.relative_to(world.cache): read_entry(path) for path in world.entries}
    # a mark stands before what would have to be the first bytes of a `#!` line
    marked = [path for path in by_starts if path.name.startswith("marked%")]
    assert by_starts.keys() - set(marked) == ahead.keys()
    for path, entry in ahead.items():
        hold_against(entry, by_starts[path])
    for script in set(scripts) - {world.home / "bin" / "marked"}:
        settle_entries(world)
        before = len(world.read_log())
        again = world.start("enabled", script, env=change(world, optimize))
        assert [line.outcome for line in world.read_log()[before:]] == ["hit"], script
        assert again == starts[script]


def change(world: World, optimize: str | None) -> dict[str, str]:
    return world.environment(PYTHONOPTIMIZE=optimize)


def hold_against(entry: Entry, other: Entry) -> None:
    code, others = entry.load_code(), other.load_code()
    assert code == others
    assert code.co_filename == others.co_filename
    assert list(code.co_lines()) == list(others.co_lines())
    assert list(code.co_positions()) == list(others.co_positions())
    assert (entry.warnings, entry.modules) == (other.warnings, other.modules)
    assert entry.source_hash == other.source_hash
    assert entry.signature == other.signature
    assert entry.compile_ns > 0
    assert not entry.is_image


def test_levels_of_optimisation_that_were_asked_for(world: World) -> None:
    script = make_program(world.home / "tool")
    assert count(ask(world, "-o0", "-o1", "-o2", "tool")) == (1, 0, 0)
    assert len(world.entries) == 3
    for level in (None, "1", "2"):
        check_hit(world, script, PYTHONOPTIMIZE=level)


def test_which_files_of_a_folder_are_scripts(world: World) -> None:
    folder = world.home / "bin"
    for name in ("tool", "tool.cgi", "named.py", "deep/er/tool"):
        make_program(folder / name)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    lines = ("python", "python3", version, "-S python3 -u", "-S X=1 python3")
    for number, line in enumerate(lines):
        make_program(folder / f"named-{number}", f"#!/usr/bin/env {line}\n{PROGRAM}")
    make_program(folder / "not-executable").chmod(0o644)
    # these are none of ours
    make_program(folder / "notes.txt").chmod(0o644)
    make_program(folder / "module.py").chmod(0o644)
    make_program(folder / "shell", "#!/bin/sh\n")
    make_program(folder / "data", "x = 1\n")
    make_program(folder / "elsewhere", f"#!/usr/bin/env python2\n{PROGRAM}")
    (folder / "link-to-folder").symlink_to("deep")
    ask(world, "bin")
    expected = {"tool", "tool.cgi", "named.py", "deep/er/tool", "not-executable"}
    expected |= {path.name for path in folder.glob("named-*")}
    found = {str(path).partition("/bin/")[2].removesuffix("%.pyc") for path in world.entries}
    assert found == expected
    assert len(found) == 10


def test_a_script_that_was_named_needs_no_mode_for_it(world: World) -> None:
    script = make_program(world.home / "program.py", "print('named')\n")
    script.chmod(0o644)
    assert count(ask(world, "program.py"))[0] >= 1
    check_hit(world, script)
    assert (world.home / "__pycache__" / f"program.{TAG}.pyc").is_file()


@pytest.mark.parametrize("way", ["tool", "./tool", "../home/tool", "sub/../tool"])
def test_however_its_path_is_written(world: World, way: str) -> None:
    script = make_program(world.home / "tool")
    (world.home / "sub").mkdir()
    assert count(ask(world, way)) == (1, 0, 0)
    check_hit(world, script)


def test_through_a_link(world: World) -> None:
    target = make_program(world.home / "packages" / "real-tool")
    link = world.home / "bin" / "tool"
    link.parent.mkdir()
    link.symlink_to(target)
    assert count(ask(world, "bin")) == (1, 0, 0)
    check_hit(world, link)


def test_a_script_that_was_touched_is_as_good_as_new(world: World) -> None:
    script = make_program(world.home / "tool")
    ask(world, "tool")
    let_age(script)
    settle_entries(world)
    assert world.outcome_of(script, MAINSPRING_READONLY="1") == "refreshed"
    assert count(ask(world, "tool")) == (0, 1, 0)
    check_hit(world, script)


def test_an_entry_that_was_made_right_after_an_edit_ages_by_another_run(world: World) -> None:
    script = make_program(world.home / "tool")
    assert count(ask(world, "tool")) == (1, 0, 0)
    wait_until_aged(script)
    assert count(ask(world, "tool")) == (0, 1, 0)
    assert world.outcome_of(script) == "hit"


def test_a_script_that_moved_is_compiled_for_its_new_place(world: World) -> None:
    script = make_program(world.home / "old" / "tool", SCRIPTS["tracebacks"].decode())
    assert count(ask(world, "--beside", "old")) == (1, 0, 0)
    script.parent.rename(world.home / "new")
    assert count(ask(world, "--beside", "new")) == (1, 0, 0)
    [entry] = world.home.glob("new/__pycache__/*%*")
    assert read_entry(entry).load_code().co_filename == str(world.home / "new" / "tool")


def test_small_scripts_are_left_alone_as_starts_leave_them(world: World) -> None:
    make_program(world.home / "tool")
    facts = ask(world, "tool", MAINSPRING_MIN_SIZE=None)
    assert facts["left"] == [{"path": "tool", "reason": "small"}]
    assert world.entries == []


def test_scripts_that_no_start_would_keep_are_errors(world: World) -> None:
    make_program(world.home / "null", PROGRAM + "\0")
    make_program(world.home / "bytes").write_bytes(PROGRAM.encode() + b"# \xff\n")
    make_program(world.home / "broken", PROGRAM + "x = (\n")
    facts = ask(world, "null", "bytes", "broken", status=1)
    assert [one["path"] for one in facts["errors"]] == ["broken", "bytes", "null"]
    assert world.entries == []


def test_without_a_place_for_a_cache(world: World) -> None:
    make_program(world.home / "tool")
    make_tree(world.home / "tree", a="a = 1\n")
    ended = call(world, "tool", HOME=None)
    assert (ended.status, ended.stdout) == (1, b"")
    assert ended.stderr.startswith(b"mainspring: neither HOME nor another setting ")
    assert call(world, "tree", HOME=None).status == 0
    assert call(world, "--beside", "tool", HOME=None).status == 0


def test_a_cache_that_cannot_be_written_is_an_error(world: World) -> None:
    make_program(world.home / "tool")
    world.cache.parent.mkdir()
    world.cache.write_text("in the way")
    ended = call(world, "-q", "tool")
    assert (ended.status, ended.stderr) == (1, b"")
    assert ended.stdout == b"tool:1: a file or a link is where a folder of the cache belongs\n"


# ---- entries beside their scripts ---------------------------------------------------------------


def find_beside(script: Path) -> Path:
    return script.parent / "__pycache__" / f"{script.name}%.{TAG}.pyc"


@pytest.mark.parametrize(
    ("mode", "expected"), [(0o755, 0o644), (0o700, 0o600), (0o750, 0o640), (0o777, 0o644), (0o555, 0o644)]
)
def test_who_can_read_a_script_can_read_its_entry(world: World, mode: int, expected: int) -> None:
    script = make_program(world.home / "bin" / "tool")
    script.chmod(mode)
    assert count(ask(world, "--beside", "bin")) == (1, 0, 0)
    entry = find_beside(script)
    assert stat.S_IMODE(entry.stat().st_mode) == expected
    assert world.entries == []


def test_one_beside_is_used(world: World) -> None:
    script = make_program(world.home / "bin" / "tool")
    wait_until_aged(script)
    assert count(ask(world, "--beside", "bin")) == (1, 0, 0)
    assert world.outcome_of(script) == "hit"
    assert world.entries == []


def test_a_module_and_a_script_of_one_name_have_entries_of_their_own(world: World) -> None:
    script = make_program(world.home / "bin" / "tool.py")
    assert count(ask(world, "--beside", "bin"))[2] == 0
    assert {path.name for path in (script.parent / "__pycache__").iterdir()} == {
        f"tool.{TAG}.pyc",
        f"tool.py%.{TAG}.pyc",
    }


@pytest.mark.parametrize("where", ["folder", "entry", "dangling", "file"])
def test_nothing_is_written_through_a_link_that_was_planted(world: World, where: str) -> None:
    script = make_program(world.home / "bin" / "tool")
    outside = world.home / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    folder = script.parent / "__pycache__"
    match where:
        case "folder":
            folder.symlink_to(outside)
        case "dangling":
            folder.symlink_to(outside / "missing")
        case "file":
            folder.write_text("in the way")
        case "entry":
            folder.mkdir()
            find_beside(script).symlink_to(outside / "precious")
    before = list_tree(outside)
    ended = call(world, "-q", "--beside", "bin")
    assert list_tree(outside) == before
    if where == "entry":  # it is replaced, and what it led to is not
        assert ended.status == 0
        assert not find_beside(script).is_symlink()
    else:
        assert ended.status == 1
        assert ended.stdout.startswith(b"bin/tool:1: ")
    assert ended.stderr == b""
    assert list_temporary(world.home) == []


def test_beside_has_no_name_for_every_option(world: World) -> None:
    make_program(world.home / "tool")
    for changes in ({"PYTHONNODEBUGRANGES": "1"}, {"PYTHONPYCACHEPREFIX": "/nowhere"}):
        facts = ask(world, "--beside", "tool", **changes)
        assert facts["left"] == [{"path": "tool", "reason": "no-place-beside"}]
    assert not os.path.lexists(world.home / "__pycache__")
