"""Runs CPython's own tests with the hook off and with it on, and compares what fails.

    python bench/cpython_suite.py --python /path/to/python3.13 --twice --json result.json

Both runs use one bare virtual environment, enabled in between, so that paths and environment are
equal; scripts of every size are taken.  The exit status is 1 if a test passes only with the hook
off, or if the hook took no start at all: then a pass would prove nothing.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import click

from mainspring.reasons import VERDICTS

TESTS = """
test_cmd_line_script test_cmd_line test_runpy test_multiprocessing_main_handling test_zipapp
test_import test_interpreters test_sys_settrace test_audit test_warnings test_traceback
test_inspect test_compileall test_py_compile
"""
FIND_TESTS = """
import importlib.util, sys
print(*[name for name in sys.argv[1:] if importlib.util.find_spec(f"test.{name}")])
"""
LIMIT_SECONDS = 900  # for one test file
RULER = "=" * 70

# What unittest prints: `test_it (test.test_file.Case.test_it)`, perhaps a line of its docstring,
# ` ... `, what the test itself lets through, and its status; at the end, failures under rulers.
STARTED = re.compile(r"^\w+ \((?P<test>[\w.]+)\)(?= \.\.\. |$)")
ENDED = re.compile(r"(ok|FAIL|ERROR|skipped .*|expected failure|unexpected success)$")
FAILED = re.compile(rf"^{RULER}\n(?:FAIL|ERROR|UNEXPECTED SUCCESS): (.+)$", re.MULTILINE)


class Failure(NamedTuple):
    """A test that failed, as unittest names it, with the values of the subtest if it was in one."""

    file: str
    test: str

    @property
    def match(self) -> str:
        """What the option --match of CPython's test runner takes for it; empty for a whole file."""
        found = re.search(r"\(([\w.]+)\)", self.test)
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"{self.file}: {self.test}"


@dataclass
class Run:
    """What the tests gave in one mode."""

    statuses: dict[str, str] = field(default_factory=dict)
    failures: set[Failure] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def taken(self) -> Counter[str]:
        """The outcomes of the starts that the hook took: a verdict, and no reason behind it."""
        return Counter({what: n for what, n in self.outcomes.items() if what in VERDICTS})

    @property
    def left(self) -> Counter[str]:
        """The outcomes of the starts that the hook left to CPython."""
        return self.outcomes - self.taken

    def lost(self, other: "Run") -> list[str]:
        """The tests that passed here, and in *other* neither passed nor failed."""
        failed = {failure.match for failure in other.failures}
        passed = {test for test, status in self.statuses.items() if status == "ok"}
        return sorted(t for t in passed if other.statuses.get(t) != "ok" and t not in failed)


class Bed:
    """A bare virtual environment, and the folders that its tests may fill."""

    def __init__(self, base: str, folder: Path) -> None:
        self.python = str(folder / "venv" / "bin" / "python")
        self.log = folder / "log"
        self.output = folder / "output"
        (folder / "tmp").mkdir()
        self.output.mkdir()
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "MAINSPRING"))
        } | {
            "MAINSPRING_CACHE_DIR": str(folder / "cache"),
            "MAINSPRING_LOG": str(self.log),
            "MAINSPRING_MIN_SIZE": "0",
            "TMPDIR": str(folder / "tmp"),
        }
        venv = [base, "-m", "venv", "--without-pip", str(folder / "venv")]
        subprocess.run(venv, check=True, env=self.environment)

    def ask(self, *command: str) -> str:
        environment = self.environment | {"MAINSPRING": "off", "MAINSPRING_LOG": ""}
        return subprocess.check_output(command, env=environment, text=True)

    def switch(self, mode: str) -> None:
        """Turn the hook of the virtual environment on or off."""
        word = "enable" if mode == "on" else "disable"
        self.ask(sys.executable, "-m", "mainspring", word, "--python", self.python)

    def run_file(self, file: str, match: str = "") -> tuple[str, str]:
        """What the tests of *file* printed, and how their process ended: empty if it succeeded."""
        selection = ["--match", match] if match else []
        process = subprocess.Popen(
            [self.python, "-m", "test", "-v", "--fail-env-changed", *selection, file],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            start_new_session=True,
        )
        try:
            text, _ = process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            text, _ = process.communicate()
            return text, f"took longer than {LIMIT_SECONDS} s"
        return text, f"exit status {process.returncode}" if process.returncode else ""

    def take_outcomes(self, mode: str) -> Counter[str]:
        """The outcomes in the log since it was last taken."""
        if not self.log.exists():
            return Counter()
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        self.log.replace(self.output / f"starts.{mode}")
        return Counter(line.split("\t")[1] for line in lines)


def read_statuses(text: str) -> dict[str, str]:
    """The status of each test in what unittest printed; `unknown` where it printed none."""
    statuses: dict[str, str] = {}
    test = ""
    for line in text.partition(f"\n{RULER}\n")[0].splitlines():
        started = STARTED.match(line)
        if started:
            test = started["test"]
            statuses[test] = "unknown"
        ended = ENDED.search(line)
        if test and ended:
            statuses[test] = ended[1].partition(" ")[0]
    return statuses


def read_failures(file: str, text: str, ending: str) -> set[Failure]:
    """The tests that failed, or the whole file if its process failed without naming one."""
    tests = FAILED.findall(text)
    if ending and not tests:
        tests = [f"the whole file: {ending}"]
    return {Failure(file, test) for test in tests}


def run_tests(bed: Bed, files: list[str], mode: str) -> Run:
    """Run the tests of *files* with the hook *mode*."""
    bed.switch(mode)
    run = Run()
    for file in files:
        click.echo(f"hook {mode:3}  {file}", err=True)
        text, ending = bed.run_file(file)
        Path(bed.output, f"{file}.{mode}").write_text(text, encoding="utf-8")
        run.statuses |= read_statuses(text)
        run.failures |= read_failures(file, text, ending)
    run.outcomes = bed.take_outcomes(mode)
    return run


def is_flaky(bed: Bed, failure: Failure) -> bool:
    """Whether *failure*, tried alone, is gone with the hook on, or shows with it off as well."""
    endings, failures = {}, {}
    for mode in ("on", "off"):
        bed.switch(mode)
        click.echo(f"hook {mode:3}  {failure}", err=True)
        text, endings[mode] = bed.run_file(failure.file, failure.match)
        failures[mode] = read_failures(failure.file, text, endings[mode])
    return not endings["on"] or failure in failures["off"]


def describe(runs: dict[str, Run], new: list[Failure]) -> dict[str, object]:
    """The comparison as a value that JSON can hold."""
    on, off = runs["on"], runs["off"]
    return {
        "tests run": len(on.statuses),
        "failures off": sorted(map(str, off.failures)),
        "failures on": sorted(map(str, on.failures)),
        "failures only with the hook on": sorted(map(str, new)),
        "passed only with the hook off, without failing": off.lost(on),
        "starts that the hook took": dict(on.taken.most_common()),
        "starts that it left to CPython": dict(on.left.most_common()),
        "starts that it saw while off": off.outcomes.total(),
    }


def format_fact(value: object) -> tuple[str, list[str]]:
    if isinstance(value, dict):
        return str(sum(value.values())), [f"{count:6}  {what}" for what, count in value.items()]
    if isinstance(value, list):
        return str(len(value)), value
    return str(value), []


def print_facts(facts: dict[str, object]) -> None:
    for name, value in facts.items():
        total, rows = format_fact(value)
        click.echo("\n    ".join((f"{name:48}{total}", *rows)))


@click.command()
@click.option("--python", default=os.path.realpath(sys.executable), help="The interpreter.")
@click.option("--tests", default=TESTS, help="The test files, with spaces between.")
@click.option("--twice", is_flag=True, help="Try a new failure again, alone: is it flaky?")
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write the result there.")
@click.option("--keep", type=click.Path(path_type=Path), help="Work in this new folder.")
def main(*, python: str, tests: str, twice: bool, target: Path | None, keep: Path | None) -> None:
    """Compare the failures of CPython's own tests with the hook off and on."""
    with tempfile.TemporaryDirectory(prefix="suite-") as temporary:
        if keep:
            keep.mkdir(parents=True)
        bed = Bed(python, keep or Path(temporary))
        files = bed.ask(bed.python, "-c", FIND_TESTS, *tests.split()).split()
        runs = {mode: run_tests(bed, files, mode) for mode in ("off", "on")}
        new = sorted(runs["on"].failures - runs["off"].failures)
        if twice:
            new = [failure for failure in new if not is_flaky(bed, failure)]
        facts = {"python": bed.ask(bed.python, "-V").strip(), "files": files, **describe(runs, new)}
    print_facts(facts)
    if target:
        target.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    sys.exit(bool(new or runs["off"].lost(runs["on"]) or not runs["on"].taken))


if __name__ == "__main__":
    main()
