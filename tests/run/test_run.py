"""`mainspring run` with the real hook: what a program finds, and which interpreter it gets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from starts import World

PROBE = """\
import json, os, posix, subprocess, sys
print(json.dumps({
    "environ": list(os.environ.items()),
    "posix": [[k.decode(), v.decode()] for k, v in posix.environ.items()],
    "child": subprocess.run(["env"], capture_output=True, text=True).stdout,
    "path": sys.path,
    "caches": list(sys.path_importer_cache),
    "modules": list(sys.modules),
}))
"""


def ask(world: World, kind: str, **changes: str | None) -> dict[str, object]:
    script = world.home / "probe.py"
    if not script.exists():
        script.write_text(PROBE)
    command = [world.launcher, "run", "--python"] if kind == "run" else []
    done = subprocess.run(
        [*command, world.plain_python, script],
        env=world.environment(**changes),
        capture_output=True,
        check=True,
    )
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("pythonpath", [None, "", "/nowhere", "/a:/b:"])
def test_the_program_finds_the_environment_and_path_that_it_would_have_had(
    world: World, pythonpath: str | None
) -> None:
    plain = ask(world, "plain", PYTHONPATH=pythonpath)
    assert ask(world, "run", PYTHONPATH=pythonpath) == plain
    assert ask(world, "run", PYTHONPATH=pythonpath) == plain
    assert [line.outcome for line in world.read_log()] == ["absent", "hit"]


def test_the_interpreter_of_the_first_line_runs_a_command_of_another_environment(world: World) -> None:
    command = world.home / "command"
    command.write_text(f"#!{world.plain_python}\nimport sys\nprint(sys.prefix)\n")
    command.chmod(0o755)
    done = subprocess.run(
        [world.launcher, "run", command], env=world.environment(), capture_output=True, check=True
    )
    assert done.stdout.decode().strip() == str(world.plain_python.parents[1])
    assert [line.outcome for line in world.read_log()] == ["absent"]


def test_a_script_whose_first_line_names_mainspring_starts_from_the_cache(world: World) -> None:
    script = world.home / "script"
    script.write_text("#!/usr/bin/env mainspring\nimport sys\nprint(sys.argv[1:])\n")
    script.chmod(0o755)
    path = f"{world.launcher.parent}:{os.environ['PATH']}"
    for _ in range(2):
        done = subprocess.run(
            [script, "one", "-O", "two"],
            env=world.environment(PATH=path),
            capture_output=True,
            check=True,
        )
        assert done.stdout == b"['one', '-O', 'two']\n"
    assert [line.outcome for line in world.read_log()] == ["absent", "hit"]


def test_an_enabled_interpreter_arranges_a_run_once(world: World) -> None:
    script = world.home / "script.py"
    script.write_text("print('here')\n")
    command = [world.launcher, "run", "--python", world.enabled_python, script]
    for _ in range(2):
        subprocess.run(command, env=world.environment(), check=True, capture_output=True)
    assert [line.outcome for line in world.read_log()] == ["absent", "hit"]


def find_old_pythons() -> list[Path]:
    """Interpreters that are too old for the hook, wherever a version manager keeps them."""
    installed = Path(sys.base_prefix).parent
    return sorted(
        path
        for version in ("2.7*", "3.[6-9]*", "3.10*")
        for path in installed.glob(f"{version}/bin/python")
    ) + [path for path in (Path("/usr/bin/python2.7"), Path("/usr/bin/python3.9")) if path.exists()]


@pytest.mark.parametrize("python", find_old_pythons(), ids=lambda path: path.parts[-3])
def test_an_interpreter_too_old_for_the_hook_starts_plainly_and_says_so(
    world: World, python: Path
) -> None:
    script = world.home / "script.py"
    script.write_text("import os, sys\nprint(sorted(os.environ), sys.path, sorted(sys.modules))\n")
    plain = subprocess.run([python, script], env=world.environment(), capture_output=True, check=True)
    run = subprocess.run(
        [world.launcher, "run", "--python", python, script],
        env=world.environment(),
        capture_output=True,
        check=True,
    )
    assert (run.stdout, run.stderr) == (plain.stdout, plain.stderr)
    assert [line.outcome for line in world.read_log()] == ["old-python"]
