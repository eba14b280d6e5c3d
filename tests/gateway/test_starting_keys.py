"""The gateway asks for the very host that the launcher would ask for, in the same words."""

from __future__ import annotations

import os
import random
import string
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from warm.launcher.stage import wait_until

from mainspring.gateway.call import Call
from mainspring.gateway.starting import Starter

from .scripts import act, finish

if TYPE_CHECKING:
    from pathlib import Path

    from warm.launcher.stage import Note, Stage

    from .scripts import Ran

#: what a recipe may have select, besides the environment
RECIPES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "names": {"names": ["QUERY_STRING", "HTTP_COOKIE", "ABSENT", "_odd1"]},
    "folder": {"selects": ["folder"]},
    "arguments": {"selects": ["argument-0", "argument-count"]},
    "all": {"names": ["QUERY_STRING"], "selects": ["argument-0", "argument-count", "folder"]},
    "stale": {"state": "stale"},
}
CGI = {
    "QUERY_STRING": "a=1&b=2",
    "HTTP_COOKIE": "session=\udcff\n=;",
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "",
    "GATEWAY_INTERFACE": "CGI/1.1",
}
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "plain": {},
    "locale": {"LC_ALL": "C", "LC_TIME": "", "LANGUAGE": "de", "TZ": "Europe/Berlin"},
    "python": {"PYTHONPATH": "/a:/b", "PYTHONHASHSEED": "3", "PYTHONWARNINGS": "default"},
    "mainspring": {"MAINSPRING_MIN_SIZE": "0", "MAINSPRING_START": "1", "MAINSPRING_WARM": "x"},
    "libraries": {"OMP_NUM_THREADS": "2", "SSL_CERT_FILE": "/x", "MALLOC_ARENA_MAX": "1"},
    "prefixes": {"LANGELAND": "1", "TZDIR": "/x", "HOMER": "1", "LC_": "", "PYTHON": "1"},
    "order": {"PYTHONA": "2", "PYTHON_A": "1", "PYTHONA_": "3", "LC_B": "", "LC_A": ""},
}


def make_call(
    stage: Stage, environment: dict[str, str], arguments: tuple[str, ...], folder: Path
) -> Call:
    return Call(str(stage.script), arguments, stage.environment | CGI | environment, str(folder))


def start(stage: Stage, call: Call, *options: str) -> Ran:
    """Start by the gateway."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    starter = Starter(str(stage.launcher))

    async def start_and_finish() -> Ran:
        return await finish(await starter.start(call, str(stage.python), options, nothing))

    try:
        return act(start_and_finish())
    finally:
        os.close(nothing)


def launch(stage: Stage, call: Call, *options: str) -> None:
    """The same by the launcher, as one would call it."""
    done = subprocess.run(
        stage.command(*options, call.script, *call.arguments),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=call.folder,
        env=dict(call.environment),
        start_new_session=True,
        check=False,
        timeout=10,
    )
    assert (done.returncode, done.stderr) == (0, b"")


def assert_same_host(stage: Stage, call: Call, *options: str) -> None:
    """A host that came up for the launcher is the one that the gateway's request goes to."""
    before = len(stage.notes("host"))
    launch(stage, call, *options)
    wait_until(lambda: len(stage.notes("host")) > before)
    launch(stage, call, *options)
    by_launcher = find_request(stage)
    ran = start(stage, call, *options)
    assert (ran.kind, ran.status, ran.stdout, ran.stderr) == ("warm", 0, b"ran\n", b"")
    by_gateway = find_request(stage)
    assert by_gateway == by_launcher
    assert by_gateway["key"] == stage.notes("helper")[-1]["text"]
    assert len(stage.notes("host")) == before + 1


def find_request(stage: Stage) -> Note:
    """The last, without what is another at each start: which pipes it brings."""
    request = dict(stage.requests()[-1])
    rights = request.pop("rights")
    assert len(rights) == 4
    request.pop("group")  # nobody is to join it
    # Python ignores two signals, which subprocess takes back, and the C library keeps two for itself
    request["ignored"] &= ~(1 << 31 | 1 << 32)
    return request


@pytest.mark.parametrize("recipe", RECIPES)
def test_whatever_a_recipe_selects_selects_here(stage: Stage, recipe: str) -> None:
    stage.put_recipe(**RECIPES[recipe])
    assert_same_host(stage, make_call(stage, {}, ("one", "two"), stage.root))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_whatever_in_the_environment_selects_selects_here(stage: Stage, environment: str) -> None:
    stage.put_recipe(names=["QUERY_STRING"])
    assert_same_host(stage, make_call(stage, ENVIRONMENTS[environment], (), stage.root))


def make_variables(seed: int) -> dict[str, str]:
    """Some that select, some that nearly do, some of any kind."""
    chance = random.Random(seed)  # noqa: S311 - for the same ones each time
    starts = ["LC_", "LANG", "PYTHONX", "MAINSPRING_X", "TZ", "HOME", "NPY_", "X", "_", "HTTP_"]
    signs = string.ascii_uppercase + "_0"
    texts = ["", "x", "a=b", "\udcfe", "Übel", "=", "\n\t ", "x" * 3000]
    return {
        chance.choice(starts) + "".join(chance.choices(signs, k=chance.randrange(4))): chance.choice(
            texts
        )
        for _ in range(chance.randrange(60))
    }


@pytest.mark.parametrize("seed", range(6))
def test_any_environment_selects_the_same(stage: Stage, seed: int) -> None:
    variables = make_variables(seed)
    stage.put_recipe(names=[name for name in variables if name.isidentifier()][::3])
    assert_same_host(stage, make_call(stage, variables, ("",), stage.root))


def test_options_and_their_order_select(stage: Stage) -> None:
    options = ("-O", "-X", "utf8", "-W", "ignore")
    stage.put_recipe(id=stage.identify(*options))
    assert_same_host(stage, make_call(stage, {}, (), stage.root), *options)


def test_a_folder_selects_by_what_it_is_called_without_links(stage: Stage) -> None:
    stage.put_recipe(selects=["folder"])
    (stage.root / "real").mkdir()
    (stage.root / "link").symlink_to("real")
    assert_same_host(stage, make_call(stage, {}, (), stage.root / "link"))


#: what keeps the launcher from looking for a host
RULES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "off": ({"MAINSPRING": "off"}, ()),
    "read-only": ({"MAINSPRING_READONLY": "1"}, ()),
    "verbose": ({"PYTHONVERBOSE": "1"}, ()),
    "inspect": ({"PYTHONINSPECT": "1"}, ()),
    "relative": ({"PYTHONPATH": "lib"}, ()),
    "-i": ({}, ("-i",)),
    "-S": ({}, ("-S",)),
    "-v": ({}, ("-v",)),
}


@pytest.mark.parametrize("rule", RULES)
def test_what_rules_a_host_out_rules_it_out_here(stage: Stage, rule: str) -> None:
    environment, options = RULES[rule]
    stage.put_recipe(id=stage.identify(*options))
    stage.put_recipe()
    call = make_call(stage, environment, (), stage.root)
    ran = start(stage, call, *options)
    assert (ran.kind, ran.stdout) == ("cold", b"ran\n")
    assert start(stage, call, *options).kind == "cold"
    assert stage.notes("host") == []


def test_a_program_that_can_never_be_warm_is_started_cold(stage: Stage) -> None:
    stage.put_recipe("never effect")
    assert start(stage, make_call(stage, {}, (), stage.root)).kind == "cold"
    assert stage.reasons() == ["never"]
