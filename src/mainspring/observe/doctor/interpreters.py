"""Looks at interpreters: whether they can be asked, and whether a start of them comes past Mainspring."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mainspring.errors import UnsafePackageError
from mainspring.launcher import find_launcher
from mainspring.observe.doctor.findings import FINDINGS, Finding
from mainspring.observe.doctor.trial import Trial, can_load_native, try_start
from mainspring.observe.interpreters import Interpreter
from mainspring.reasons import REASONS
from mainspring.slot.placing import ROOT, check_package
from mainspring.slot.question import NoAnswer

#: reasons that say something of the trial, or of the cache, which is looked at by itself
EXPECTED = {
    "disk-full", "no-access", "no-cache-folder", "not-a-folder", "other-owner", "read-only",
    "read-only-file-system", "writable-by-others",
}  # fmt: skip
UNUSABLE = {"not-asked", "old-python", "not-cpython", "not-working", "no-answer"}


@dataclass(frozen=True)
class Subject:
    """An interpreter to look at: with the options of a `#!` line, and as what it is used."""

    interpreter: Interpreter
    options: tuple[str, ...] = ()
    used_by: str | None = None

    @property
    def is_enabled(self) -> bool:
        return self.interpreter.slot is not None

    def find(self, name: str, detail: str | None = None) -> Finding:
        details = [part for part in (detail, self.used_by) if part is not None]
        return Finding(name, self.interpreter.path, "; ".join(details) or None)


def examine_interpreter(subject: Subject, environment: Mapping[str, str]) -> Iterator[Finding]:
    """What stands between *subject* and cached code."""
    found = subject.interpreter
    if found.state != "enabled":
        yield subject.find(found.state, found.detail)
    if found.state in UNUSABLE:
        return
    if subject.is_enabled:
        yield from examine_package(subject)
    if found.state == "slot-package-gone":
        return
    try:
        trial = try_start(choose_command(subject), environment)
    except NoAnswer:
        yield subject.find("no-answer")
    except OSError as error:
        yield subject.find("not-working", error.strerror)
    else:
        yield from judge_trial(subject, trial)


def choose_command(subject: Subject) -> list[str]:
    """What starts a program through the slot, or, where there is none, as `run` does."""
    python = subject.interpreter.path
    if subject.is_enabled:
        return [python, *subject.options]
    return [find_launcher(), "run", "--python", python]


def judge_trial(subject: Subject, trial: Trial) -> Iterator[Finding]:
    if trial.raised is not None:
        yield subject.find("sitecustomize-raises", trial.raised)
    if not trial.words:
        if subject.interpreter.state != "slot-shadowed" and trial.raised is None:
            yield subject.find(*describe_silence(subject, trial))
        return
    for reason in set(trial.words) & set(REASONS) - EXPECTED:
        if reason in FINDINGS:
            yield subject.find(reason)
        else:
            row = REASONS[reason]
            yield subject.find("stands-aside", f"{reason}: {row.meaning}; {row.remedy}")


def describe_silence(subject: Subject, trial: Trial) -> tuple[str, str | None]:
    """What a start came to that left no line."""
    if trial.status != 0:
        return "not-working", f"a start ended with status {trial.status}"
    slot = subject.interpreter.slot
    if not can_load_native(subject.interpreter.path, (slot and slot.root) or ROOT):
        return "no-native", None
    if not subject.is_enabled:
        return "stands-aside", "`mainspring run` left the start to plain CPython"
    return "slot-passed-over", " ".join(subject.options) or None


def examine_package(subject: Subject) -> Iterator[Finding]:
    """Whether the package that the slot leads to could be changed by somebody else."""
    slot, survey = subject.interpreter.slot, subject.interpreter.survey
    if slot is None or survey is None or slot.root != ROOT:
        return
    try:
        check_package(survey, os.path.dirname(slot.path))
    except UnsafePackageError as error:
        yield subject.find("unsafe-package", error.folder)
    except OSError as error:
        yield subject.find("unsafe-package", error.strerror)
