"""A home with a runtime folder, what answers in it, and what was learnt."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from enabling.commands import Commands

ANSWERING = Path(__file__).with_name("answering.py")
RECIPE = (
    "mainspring-recipe 1\nprogram /p/tool\npython /p/python\nstarts 1\nstate recording\nend\nahead x 5\n"
)


@dataclass
class Hosts(Commands):
    """A home with a runtime folder, and what answers in it."""

    answering: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def runtime(self) -> Path:
        return self.home / "run/mainspring"

    @property
    def state(self) -> Path:
        return self.home / ".local/state/mainspring"

    def environment(self) -> dict[str, str]:
        return super().environment() | {"XDG_RUNTIME_DIR": str(self.runtime.parent)}

    def let_answer(
        self, key: str, manner: str = "plain", program: str = "/p/black", *more: str
    ) -> subprocess.Popen[bytes]:
        """Something that listens at the socket of *key*, a digit."""
        process = subprocess.Popen(
            [sys.executable, ANSWERING, self.runtime, key * 32, manner, program, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.answering.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"listens\n"
        return process

    def note_cold(self, digit: str, recipe: str | None, *lines: str) -> None:
        if recipe is not None:
            (self.runtime / f"{digit * 32}.recipe").write_text(recipe)
        (self.runtime / f"{digit * 32}.cold").write_text("".join(f"{line}\n" for line in lines))

    def list_facts(self) -> dict[str, Any]:
        status, output, errors = self.call("hosts", "--json")
        assert (status, errors) == (0, "")
        facts: dict[str, Any] = json.loads(output)
        return facts

    def list_known(self) -> list[str]:
        """The files that tell of programs."""
        names = [path.name for path in self.runtime.iterdir()]
        return sorted(name for name in names if name.endswith((".cold", ".recipe")))

    def list_states(self) -> list[str]:
        return [host["state"] for host in self.list_facts()["hosts"]]
