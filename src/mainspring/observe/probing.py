"""Runs a text of this package in the interpreter that a start would take, and reads its answer."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from mainspring.errors import UnusableInterpreterError
from mainspring.slot.placing import PACKAGE


def run_probe(
    name: str, command: Sequence[str], arguments: Sequence[str], environment: Mapping[str, str]
) -> dict[str, Any]:
    """What the probe *name* says when *command*, an interpreter and its options, runs it.

    Raises UnusableInterpreterError.
    """
    text = (PACKAGE / "observe" / f"{name}.py").read_text(encoding="utf-8")
    done = subprocess.run(
        [*command, "-c", text, *arguments],
        env=environment,
        capture_output=True,
        check=False,
    )
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise UnusableInterpreterError(
            f"{command[0]} did not answer", "give another interpreter with --python"
        ) from None
    return answer
