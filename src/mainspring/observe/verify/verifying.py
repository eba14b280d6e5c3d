"""Recompiles the source of entries and compares, a batch at a time, on all cores.

A batch is checked by one process of the interpreter that made its entries, under the options they were
made under: see checking.py.  No more is in memory than the batches at hand.
"""

import json
import os
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from mainspring.codecache.inventory import list_builds, list_entries
from mainspring.errors import UnusableInterpreterError
from mainspring.observe.beside import BesideEntry, list_beside, remove_beside
from mainspring.observe.cachewalk import remove_file
from mainspring.observe.launcher import choose_interpreter
from mainspring.observe.scripts import Scripts
from mainspring.observe.usercache import find_obstacle
from mainspring.observe.verify.findings import FINDINGS, Finding, Row
from mainspring.observe.verify.interpreters import NotCheckable, find_interpreter, find_options, is_safe
from mainspring.reasons import Reason
from mainspring.slot.placing import PACKAGE

BATCH_SIZE = 64
CHECKER = str(PACKAGE / "observe" / "verify" / "checker.py")
#: an answer after which another interpreter may still be the one that made an entry
NOT_BY_THIS: set[Finding] = {"foreign", "other-interpreter", "unknown-options"}


@dataclass(frozen=True)
class Subject:
    """An entry to be checked: *build* is the folder it is in, None beside a script."""

    path: str
    script: str
    variant: str
    build: str | None = None
    beside: BesideEntry | None = None


@dataclass
class Result:
    """What was found out about an entry; with `--fix`, whether it was removed, or why not."""

    subject: Subject
    finding: Finding
    interpreter: str | None = None
    removed: bool = False
    obstacle: Reason | None = None

    @property
    def row(self) -> Row:
        return FINDINGS[self.finding]


class Verifier:
    """Checks the entries of one cache."""

    def __init__(self, root: int | None, cache: str) -> None:
        self.root = root
        self.cache = cache if root is not None else ""
        self.known: dict[str, str | NotCheckable] = {}

    def verify(self, scripts: Scripts) -> Iterator[Result]:
        """The results for the entries of *scripts*, as they come."""
        cores = os.cpu_count() or 1
        at_work: deque[Future[list[Result]]] = deque()
        with ThreadPoolExecutor(cores) as pool:
            for batch in make_batches(self.list_subjects(scripts)):
                at_work.append(pool.submit(self.check_batch, batch))
                if len(at_work) > 2 * cores:
                    yield from at_work.popleft().result()
            while at_work:
                yield from at_work.popleft().result()

    def list_subjects(self, scripts: Scripts) -> Iterator[Subject]:
        if self.root is not None:
            for item in list_entries(self.root):
                if scripts.hold(item.script):
                    yield Subject(item.path, item.script, item.variant, item.build)
        for script in scripts.paths:
            for entry in list_beside(script):
                yield Subject(entry.path, script, entry.variant, beside=entry)

    def check_batch(self, batch: list[Subject]) -> list[Result]:
        if batch[0].beside is not None:
            return [self.check_beside(subject, subject.beside) for subject in batch if subject.beside]
        try:
            assert batch[0].build is not None
            interpreter = self.find_interpreter(batch[0].build)
            return run_checker(interpreter, self.cache, batch)
        except NotCheckable as refused:
            return [Result(subject, refused.finding) for subject in batch]

    def check_beside(self, subject: Subject, entry: BesideEntry) -> Result:
        """A name in `__pycache__` says less than a build: those that it may be of are asked in turn."""
        result = Result(subject, "unknown-interpreter")
        for interpreter in self.list_candidates(entry):
            [result] = run_checker(interpreter, self.cache, [subject])
            if result.finding not in NOT_BY_THIS:
                return result
        return Result(subject, "unknown-interpreter")

    def list_candidates(self, entry: BesideEntry) -> Iterator[str]:
        for build in list_builds(self.root) if self.root is not None else ():
            if build.startswith(f"{entry.tag}-"):
                try:
                    yield self.find_interpreter(build)
                except NotCheckable:
                    pass
        try:
            interpreter, _, _ = choose_interpreter([entry.script], None)
        except UnusableInterpreterError:
            return
        if is_safe(interpreter):
            yield interpreter

    def find_interpreter(self, build: str) -> str:
        """Raises NotCheckable."""
        assert self.root is not None
        if build not in self.known:
            try:
                self.known[build] = find_interpreter(self.root, build)
            except NotCheckable as refused:
                self.known[build] = refused
        known = self.known[build]
        if isinstance(known, NotCheckable):
            raise known
        return known

    def remove(self, result: Result) -> None:
        """Remove the entry of *result*, if that can be done; *result* says."""
        subject = result.subject
        if subject.beside is not None:
            action = partial(remove_beside, subject.beside)
        else:
            assert self.root is not None
            action = partial(remove_file, self.root, subject.path)
        try:
            result.obstacle = find_obstacle(action)
        except FileNotFoundError:
            pass
        result.removed = result.obstacle is None


def make_batches(subjects: Iterable[Subject]) -> Iterator[list[Subject]]:
    """*subjects* in lists that one process can check."""
    batches: dict[tuple[str | None, str], list[Subject]] = {}
    for subject in subjects:
        key = subject.build, subject.variant
        batch = batches.setdefault(key, [])
        batch.append(subject)
        if len(batch) >= BATCH_SIZE:
            yield batches.pop(key)
    yield from batches.values()


# ---- asking an interpreter --------------------------------------------------------------------


def run_checker(interpreter: str, cache: str, batch: list[Subject]) -> list[Result]:
    """The results of one process of *interpreter*.  Raises NotCheckable for the whole batch."""
    build, variant = batch[0].build, batch[0].variant
    # -I: nothing of the user's; -B: nothing beside our own modules
    command = [interpreter, "-I", "-B", *find_options(variant), CHECKER, str(PACKAGE), cache]
    asked = "".join(f"{subject.path}\0{subject.script}\0" for subject in batch)
    findings = read_answers(ask(command, os.fsencode(asked)), build, variant)
    findings += ["not-checked"] * (len(batch) - len(findings))
    return [
        Result(subject, finding, interpreter) for subject, finding in zip(batch, findings, strict=True)
    ]


def ask(command: list[str], asked: bytes) -> bytes:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MAINSPRING"))
    }
    environment["MAINSPRING"] = "off"
    try:
        done = subprocess.run(
            command, env=environment, cwd="/", input=asked, capture_output=True, check=False
        )
    except OSError:
        return b""
    return done.stdout


def read_answers(output: bytes, build: str | None, variant: str) -> list[Finding]:
    """The findings in *output*, fewer if the process failed.  Raises NotCheckable."""
    lines = output.splitlines()
    try:
        header, *findings = [json.loads(line) for line in lines]
        made_by = header["build"], header["variant"]
    except (KeyError, TypeError, ValueError):
        return []
    if build is not None and made_by[0] != build:
        raise NotCheckable("other-interpreter")
    if made_by[0] and made_by[1] != variant:
        raise NotCheckable("unknown-options")
    return [finding for finding in findings if finding in FINDINGS]
