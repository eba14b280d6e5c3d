"""Looks at all that a start depends on, and tells what stands in its way, and what was looked at."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from mainspring.observe.candidates import Candidate, find_candidates, identify
from mainspring.observe.doctor.findings import Finding
from mainspring.observe.doctor.interpreters import Subject, examine_interpreter
from mainspring.observe.doctor.settings import examine_settings
from mainspring.observe.doctor.shebang import Command, find_on_path, read_command
from mainspring.observe.doctor.warmth import examine_warm_starts, list_shims_of
from mainspring.observe.interpreters import (
    AT_ONCE,
    Interpreter,
    ask_each,
    identify_interpreter,
)
from mainspring.settings import find_cache_folder

ON_PATH = "python3 on PATH"


@dataclass
class Examination:
    """What was found, what is only to be known, and what was looked at."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)

    def make_notes(self, name: str) -> None:
        """Let findings of that *name* be notes: who starts programs by shims does without."""
        self.notes += [finding for finding in self.findings if finding.name == name]
        self.findings = [finding for finding in self.findings if finding.name != name]

    def list_facts(self) -> dict[str, Any]:
        """The facts as `doctor --json` prints them; docs/reference/doctor.md says what they are."""
        return {
            "healthy": not self.findings,
            "findings": [finding.list_facts() for finding in self.findings],
            "notes": [note.list_facts() for note in self.notes],
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
    shims = list_shims_of(environment)
    whole.findings += examine_warm_starts(shims, environment)
    whole.checked += [f"shim {shim.link}" for shim in shims]
    subjects = find_subjects(whole, environment, folder, commands)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for findings in pool.map(lambda one: list(examine_interpreter(one, environment)), subjects):
            whole.findings += findings
    if shims:
        whole.make_notes("not-enabled")
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
) -> list[Subject]:
    """The interpreters that `#!` lines name, and all others that are enabled."""
    whole.findings += [Finding("no-python", by) for command, by in commands if command.path is None]
    named = [
        (Candidate(command.path, (used_by,)), command.options)
        for command, used_by in commands
        if command.path is not None and os.path.basename(command.path) != "mainspring"
    ]
    candidates = [candidate for candidate, _ in named]
    answers = ask_once([*candidates, *find_candidates(environment, folder)])
    used = [
        Subject(answers[identify(candidate.path)], options, candidate.found_in[0])
        for candidate, options in named
    ]
    enabled = [Subject(answer) for answer in answers.values() if answer.slot is not None]
    return list(leave_out_repeated(used, enabled))


def leave_out_repeated(used: list[Subject], enabled: list[Subject]) -> Iterator[Subject]:
    """Each interpreter of *used* once with the same options; of *enabled*, those that are no more."""
    seen: set[object] = set()
    for subject in used:
        key = identify_interpreter(subject.interpreter)
        if (key, subject.options) not in seen:
            seen |= {key, (key, subject.options)}
            yield subject
    for subject in enabled:
        key = identify_interpreter(subject.interpreter)
        if key not in seen:
            seen.add(key)
            yield subject


def ask_once(candidates: list[Candidate]) -> dict[tuple[str, str | None], Interpreter]:
    """The answer of each interpreter among *candidates*, under what it is known by."""
    known: dict[tuple[str, str | None], Candidate] = {}
    for candidate in candidates:
        known.setdefault(identify(candidate.path), candidate)
    return dict(zip(known, ask_each(known.values()), strict=True))


def describe_subject(subject: Subject) -> str:
    found: Interpreter = subject.interpreter
    words = [f"interpreter {found.path}", *subject.options]
    if found.slot is not None:
        words.append(f"enabled by {found.slot.path}")
    if subject.used_by is not None:
        words.append(f"({subject.used_by})")
    return " ".join(words)
