"""An answer by way of the gateway is compared with what the script says without any."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mainspring.gateway.variables import make_call

if TYPE_CHECKING:
    from gateway.ground import Ground

PATIENCE = 60.0
#: the empty line before a body
BLANK = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True)
class Ask:
    """A request; *changing* is what two answers to it never have in common."""

    script: str
    body: bytes = b""
    params: dict[str, str] = field(default_factory=dict)
    changing: bytes = rb"(?!)"

    def name(self, ground: Ground) -> dict[str, str]:
        given = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(self.body))} if self.body else {}
        return ground.name(self.script, **given, **self.params)


@dataclass(frozen=True)
class Said:
    """All that an answer is."""

    status: int
    fields: dict[str, str]
    body: bytes
    exit_status: int | None


def say_plainly(ground: Ground, ask: Ask) -> Said:
    """What the interpreter alone makes of the script, with the environment that the gateway makes."""
    params, gateway = ask.name(ground), ground.gateway
    call = make_call(params, gateway.site.find(params), gateway.environment, gateway.passage)
    ended = subprocess.run(
        [ground.python, call.script, *call.arguments],
        env=dict(call.environment),
        cwd=call.folder,
        input=ask.body,
        capture_output=True,
        check=False,
    )
    found = BLANK.search(ended.stdout)
    assert found, ended
    lines = ended.stdout[: found.start()].decode("latin-1").splitlines()
    fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    status = int(fields.pop("status", "302" if "location" in fields else "200").split()[0])
    return Said(status, fields, ask_without(ask, ended.stdout[found.end() :]), ended.returncode)


def say(ground: Ground, ask: Ask) -> tuple[str, Said]:
    """By what kind of start the gateway answers, and what."""
    answer = ground.get(ask.script, ask.body, **ask.params)
    fields = {name: value for name, value in answer.headers.items() if name != "status"}
    said = Said(answer.status, fields, ask_without(ask, answer.body), answer.app_status)
    return ground.told()[-1]["kind"], said


def ask_without(ask: Ask, body: bytes) -> bytes:
    return re.sub(ask.changing, b"", body)


def assert_like_plain(ground: Ground, *asks: Ask) -> None:
    """Each answer is as without a gateway, be it cold, recorded and warm, or of a kept process."""
    plain = [say_plainly(ground, ask) for ask in asks]
    first, last = ("kept", "kept") if ground.gateway.bounds.reuse else ("cold", "warm")
    kinds: list[str] = []
    deadline = time.monotonic() + PATIENCE
    while kinds[-2 * len(asks) :] != [last] * 2 * len(asks):
        assert time.monotonic() < deadline, kinds
        for ask, expected in zip(asks, plain, strict=True):
            kind, said = say(ground, ask)
            assert (kind, said) == (kind, expected), ground.log
            kinds.append(kind)
    assert kinds[0] == first
