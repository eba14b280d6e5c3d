"""A shim's starts come to what its command's own do, wherever the command is from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .table import BLACK, DJANGO, HTTP, PIP, PYCODESTYLE

if TYPE_CHECKING:
    from pathlib import Path

    from .scenes import Scene, ShimStage

pytestmark = pytest.mark.timeout(600)  # the first one installs the commands
BY_PIP = (BLACK, HTTP, DJANGO, PIP, PYCODESTYLE)
BY_PIPX = (BLACK, PYCODESTYLE)
OPTIONS = ("-E", "-I", "-s", "-sE", "-P", "-sP", "-Es -B")
#: what options and settings come to, as a program sees it
SHOWS = """\
import argparse, json, logging, os, sys
print(sys.argv, sys.orig_argv, sys.flags, sys.path, sys.warnoptions, sys.pycache_prefix)
print(sys.stdout.encoding, sys.stdout.errors, sys.stdout.write_through, sys.executable, sys.prefix)
print(sorted(item for item in os.environ.items()))
print(json.dumps(sorted(name for name in sys.modules if "mainspring" in name)))
sys.exit(7)
"""
SETTINGS = {
    "PYTHONPATH": "{work}/library",
    "PYTHONOPTIMIZE": "1",
    "PYTHONIOENCODING": "latin-1:replace",
    "PYTHONWARNINGS": "ignore",
    "PYTHONUNBUFFERED": "1",
    "PYTHONPYCACHEPREFIX": "{work}/compiled",
    "LD_PRELOAD": "libc.so.6",
}


@pytest.mark.parametrize("scene", BY_PIP, ids=[scene.program for scene in BY_PIP])
def test_a_command_of_another_environment(shim_stage: ShimStage, scene: Scene) -> None:
    shim_stage.install(shim_stage.plain_python.with_name(scene.program))
    shim_stage.assert_same_warm(scene)


@pytest.mark.parametrize("scene", BY_PIPX, ids=[scene.program for scene in BY_PIPX])
def test_a_command_that_pipx_has_installed(pipx_stage: ShimStage, scene: Scene) -> None:
    program = pipx_stage.plain_python.with_name(scene.program)
    assert program.read_text().partition("\n")[0].endswith("/bin/python -E"), "what pipx writes"
    pipx_stage.install(program)
    pipx_stage.assert_same_warm(scene)


@pytest.mark.parametrize("option", OPTIONS)
def test_the_options_of_a_first_line(shim_stage: ShimStage, tools: Path, option: str) -> None:
    """They reach the interpreter as they are, and it ignores of the environment what it would."""
    stage = shim_stage
    opening = (
        f"#!/usr/bin/env -S {tools / 'python'} {option}\n"
        if " " in option
        else (f"#!{tools / 'python'} {option}\n")
    )
    program = stage.home.parent / "bin/program"
    program.parent.mkdir()
    program.write_text(opening + SHOWS)
    program.chmod(0o755)
    stage.install(program)
    settings = {name: value.replace("{work}", str(stage.work)) for name, value in SETTINGS.items()}
    for env in (stage.environment(), stage.environment(**settings)):
        plain = stage.start_plain(program, "a", "--b", env=env)
        assert plain.status == 7
        assert stage.start_warm(program, "a", "--b", env=env) == plain
