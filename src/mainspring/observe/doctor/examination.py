"""Looks at all that a start depends on, and tells what stands in its way, and what was looked at."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from mainspring.observe.candidates import Candidate, find_candidates
from mainspring.observe.doctor.findings import Finding
from mainspring.observe.doctor.interpreters import Subject, examine_interpreter
from mainspring.observe.doctor.settings import examine_settings
from mainspring.observe.doctor.shebang import Command, find_on_path, read_command
from mainspring.observe.interpreters import (
    AT_ONCE,
    Interpreter,
    ask_interpreter,
    ask_interpreters,
    identify_interpreter,
)
from mainspring.settings import find_cache_folder

ON_PATH = "python3 on PATH"


@dataclass
class Examination:
    """What was found, and what was looked at."""

    findings: list[Finding] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)

    def list_facts(self) -> dict[str, Any]:
        """The facts as `doctor --json` prints them; docs/doctor.md says what they are."""
        return {
            "healthy": not self.findings,
            "findings": [finding.list_facts() for finding in self.findings],
            "checked": self.checked,
        }


def examine(environment: Mapping[str, str], folder: str, scripts: Iterable[str]) -> Examination:
    """Look at everything, seen from *folder*.  Raises NotPythonError or UnreadableScriptError."""
    whole = Examination()
    commands = [(Command(find_on_path("python3", environment)), ON_PATH)]
    commands += [(read_command(script, environment), script) for script in scripts]
    whole.findings += examine_settings(environment)
    whole.checked.append("settings")
    examine_files(whole, environment, [script for _, script in commands[1:]])
    subjects = list(find_subjects(whole, environment, folder, commands))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for findings in pool.map(lambda one: list(examine_interpreter(one, environment)), subjects):
            whole.findings += findings
    whole.checked += [describe_subject(subject) for subject in subjects]
    return whole


def examine_files(whole: Examination, environment: Mapping[str, str], scripts: list[str]) -> None:
    try:
        from mainspring.observe.doctor.cache import examine_cache, examine_script
    except ImportError as error:
        # only an interpreter with the native module can look at the cache
        whole.findings.append(Finding("no-native", sys.executable, str(error)))
        return
    whole.findings += examine_cache(environment)
    for script in scripts:
        whole.findings += examine_script(script)
    whole.checked.append(f"cache {find_cache_folder(environment)}")
    whole.checked += [f"script {script}" for script in scripts]


def find_subjects(
    whole: Examination,
    environment: Mapping[str, str],
    folder: str,
    commands: list[tuple[Command, str]],
) -> Iterator[Subject]:
    """The interpreters that `#!` lines name, and all others that are enabled."""
    seen = set()
    for command, used_by in commands:
        if command.path is None:
            whole.findings.append(Finding("no-python", used_by))
        elif os.path.basename(command.path) != "mainspring":
            found = ask_interpreter(Candidate(command.path, (used_by,)))
            key = (identify_interpreter(found), command.options)
            if key not in seen:
                seen.add(key)
                yield Subject(found, command.options, used_by)
    identities = {identity for identity, _ in seen}
    for found in ask_interpreters(find_candidates(environment, folder)):
        if found.slot is not None and identify_interpreter(found) not in identities:
            yield Subject(found)


def describe_subject(subject: Subject) -> str:
    found: Interpreter = subject.interpreter
    words = [f"interpreter {found.path}", *subject.options]
    if found.slot is not None:
        words.append(f"enabled by {found.slot.path}")
    if subject.used_by is not None:
        words.append(f"({subject.used_by})")
    return " ".join(words)
