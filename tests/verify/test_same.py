"""An entry that a start made is what compiling gives, whatever it was made under."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.people import list_tree, write_script
from starts import give_command, make_bare_venv

from .entries import (
    SCRIPT,
    WARNING_SCRIPT,
    alter_code,
    change_inner,
    find_note,
    find_others,
    make_entry,
    start,
    verify,
)

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

OPTIONS = [
    ("-O",),
    ("-OO", "-X", "no_debug_ranges"),
    ("-X", "int_max_str_digits=5000"),
    ("-X", "int_max_str_digits=0", "-O", "-X", "no_debug_ranges"),
    ("-X", "dev"),
    ("-W", "error::UserWarning"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_an_entry_made_under_options_is_checked_under_them(
    world: World, options: tuple[str, ...]
) -> None:
    text = SCRIPT + '"""text"""\nassert CHOSEN\ndef documented():\n    "text"\n'
    _, entry = make_entry(world, text=text, options=options)
    assert verify(world).findings == ["same"]
    alter_code(entry, lambda code: change_inner(code, co_names=("Other",)))
    assert verify(world).findings == ["code"]


@pytest.mark.parametrize("seed", ["0", "1", "2", "3"])
def test_the_order_in_a_set_is_no_difference(world: World, seed: str) -> None:
    """It comes from the hash seed of the start that made the entry."""
    script = write_script(world, SCRIPT)
    start(world, script, PYTHONHASHSEED=seed)
    assert verify(world).findings == ["same"]


def test_each_entry_is_compiled_as_if_by_a_fresh_start(world: World) -> None:
    """What compiling one of them loads is not there yet for the next."""
    for number in range(4):
        _, entry = make_entry(world, f"{number}.py", WARNING_SCRIPT)
        assert b"unicodedata" in entry.read_bytes()
    assert verify(world).findings == ["same"] * 4


def test_names_of_odd_bytes(world: World) -> None:
    for name in ("caf\udce9 \n.py", "100%", "-x.py", "%2E", ".hidden"):
        make_entry(world, name)
    verified = verify(world)
    assert verified.findings == ["same"] * 5
    assert os.fsencode("\udce9") in {os.fsencode(entry["script"])[-6:-5] for entry in verified.entries}


def test_a_source_in_another_encoding(world: World) -> None:
    script = world.home / "latin.py"
    script.write_bytes(b"# coding: iso8859-15\nprint(len('\xe9\xa4'))\n")
    start(world, script)
    assert verify(world).findings == ["same"]


def add_codec(world: World, tmp_path: Path) -> tuple[Path, Path]:
    """An interpreter that knows one more encoding, and the entry of a script that is in it."""
    python = make_bare_venv(tmp_path / "with-codec")
    [site] = python.parents[1].glob("lib/python*/site-packages")
    (site / "our_codec.py").write_text(
        "import codecs, os\n"
        "def find(name):\n"
        "    if name == 'our_codec':\n"
        f"        os.path.exists({str(tmp_path / 'deadly')!r}) and os.kill(os.getpid(), 9)\n"
        "        return codecs.lookup('utf-8')\n"
        "codecs.register(find)\n"
    )
    (site / "our_codec.pth").write_text("import our_codec\n")
    script = write_script(world, "# coding: our-codec\nprint('ran')\n", "middle.py")
    done = subprocess.run(
        [world.launcher, "run", "--python", python, script],
        env=world.environment(),
        check=True,
        capture_output=True,
    )
    assert done.stdout == b"ran\n"
    [entry] = world.entries
    return python, entry


def test_an_encoding_that_only_a_package_knows_is_not_checked(world: World, tmp_path: Path) -> None:
    add_codec(world, tmp_path)
    verified = verify(world, "--fix")
    assert verified.findings == ["unknown-encoding"]
    assert not verified.entries[0]["checked"]
    assert len(world.entries) == 1


def test_a_script_that_is_the_end_of_the_compiler_costs_no_other_its_check(
    world: World, tmp_path: Path
) -> None:
    python, entry = add_codec(world, tmp_path)
    first, _ = make_entry(world, "first.py")
    last, _ = make_entry(world, "last.py", WARNING_SCRIPT)
    note = find_note(entry, world)
    note.write_text(str(python))
    assert verify(world).findings == ["same"] * 3
    (tmp_path / "deadly").touch()
    verified = verify(world, "--fix")
    assert verified.of(world.home / "middle.py") == "not-checked"
    assert (verified.of(first), verified.of(last)) == ("same", "same")


def test_every_interpreter_checks_what_it_made(world: World) -> None:
    script = write_script(world, WARNING_SCRIPT)
    pythons = [world.enabled_python, *find_others()]
    for python in pythons:
        subprocess.run(
            [world.launcher, "run", "--python", python, script],
            env=world.environment(),
            check=True,
            capture_output=True,
        )
    made = world.entries
    assert len(made) >= 1
    verified = verify(world)
    assert verified.findings == ["same"] * len(made)
    assert {world.cache / entry["path"] for entry in verified.entries} == set(made)
    for entry in made:
        entry.write_bytes(entry.read_bytes()[:-1])
    assert verify(world).findings == ["corrupt"] * len(made)


def test_many_entries_are_all_checked(world: World) -> None:
    """More than one process is given at once, and two of them are not as they were made."""
    _, entry = make_entry(world)
    content = entry.read_bytes()
    for number in range(300):
        write_script(world, SCRIPT, f"copy-{number}.py")
        entry.with_name(f"copy-{number}.py%.pyc").write_bytes(content)
    for number in (7, 211):
        alter_code(entry.with_name(f"copy-{number}.py%.pyc"), lambda code: code.replace(co_name="other"))
    verified = verify(world)
    assert verified.findings.count("code") == 2
    assert verified.findings.count("same") == 299
    assert verified.status == 1


def test_the_name_that_the_code_was_told_is_no_difference(world: World) -> None:
    """A start gives it the script's own, through whatever path it came."""
    script = write_script(world, SCRIPT)
    assert world.start("enabled", "./program.py", cwd=world.home).status == 0
    assert verify(world, script).findings == ["same"]
    other = write_script(world, SCRIPT, "other.py")
    command = [world.launcher, "compile", "-q", "-s", world.home, "-p", "/opt", other]
    subprocess.run(command, env=world.environment(), check=True)
    assert verify(world, other).findings == ["same"]


def test_nothing_is_run_and_nothing_is_written(world: World) -> None:
    text = "import os\nopen(os.environ['HOME'] + '/ran', 'a').close()\n"
    make_entry(world, text=text)
    (world.home / "ran").unlink()
    for name in ("json.py", "tokenize.py", "sitecustomize.py", "mainspring.py"):
        (world.home / name).write_text(text)
    before = list_tree(world.home)
    assert verify(world).findings == ["same"]
    assert list_tree(world.home) == before


def test_the_checking_interpreter_sees_nothing_of_the_user_s(world: World) -> None:
    """What PYTHONPATH leads to is loaded by the command, and not where entries are compiled."""
    library = world.home / "library"
    library.mkdir()
    seen = world.home / "seen"
    (library / "sitecustomize.py").write_text(
        f"import sys\nwith open({str(seen)!r}, 'a') as file:\n    print(*sys.orig_argv, file=file)\n"
    )
    make_entry(world)
    assert verify(world, PYTHONPATH=str(library)).findings == ["same"]
    assert "verify" in seen.read_text()
    assert "checker.py" not in seen.read_text()


def test_settings_of_the_user_s_python_change_nothing(world: World) -> None:
    make_entry(world)
    changes = {
        "PYTHONOPTIMIZE": "2",
        "PYTHONNODEBUGRANGES": "1",
        "PYTHONINTMAXSTRDIGITS": "700",
        "PYTHONWARNINGS": "error",
        "PYTHONVERBOSE": "1",
        "MAINSPRING": "off",
    }
    for name, value in changes.items():
        status, output, _ = give_command(world, "verify", **{name: value})
        assert (status, output.splitlines()[-1]) == (0, "1 entry: 0 differences"), name
