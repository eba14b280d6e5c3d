"""The main job on real input: starts a program plainly, for the first time, and from its entry."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ground import enable, fetch_program, make_bare_venv
from pairs import clean_environment

ROUNDS = 11
DEFAULT = ("cpplint", "cpplint==2.0.2")


class Start:
    """A way to start the program, what it printed, and how long its runs took."""

    def __init__(self, name: str, meaning: str) -> None:
        self.name = name
        self.meaning = meaning
        self.seconds: list[float] = []
        self.ended: tuple[int, bytes, bytes] | None = None

    def run(self, command: list[str], environment: dict[str, str]) -> None:
        started = time.perf_counter()
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        self.seconds.append(time.perf_counter() - started)
        self.ended = (done.returncode, done.stdout, done.stderr)


def run_all(folder: Path, script: Path) -> list[Start]:
    """Each way in turn, ROUNDS times, every time with a cache that is empty at first."""
    python = make_bare_venv(folder / "python")
    plain = Start("plain", "python compiles the script, as at every start")
    first = Start("first", "with Mainspring: compiles it, and keeps the code")
    cached = Start("cached", "with Mainspring: starts the code that was kept")
    enable(python)
    command = [str(python), str(script), "--version"]
    for number in range(ROUNDS + 1):
        environment = clean_environment(folder / f"home-{number}")
        plain.run(command, {**environment, "MAINSPRING": "off"})
        first.run(command, environment)
        cached.run(command, environment)
    return [plain, first, cached]


def print_table(starts: list[Start], script: Path) -> None:
    plain = statistics.median(starts[0].seconds[1:])
    lines = len(script.read_bytes().splitlines())
    version = sys.version.split()[0]
    print(f"{script.name} --version: {lines:,} lines, CPython {version}, {ROUNDS} runs\n")
    for start in starts:
        median = statistics.median(start.seconds[1:])
        bar = "#" * max(1, round(30 * median / plain))
        print(f"  {start.name:7} {median * 1000:7.1f} ms  {median / plain:5.0%}  {bar}")
    print()
    for start in starts:
        print(f"  {start.name:7} {start.meaning}")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mainspring-demo-") as name:
        folder = Path(name)
        if len(sys.argv) > 1:
            script = Path(sys.argv[1]).resolve(strict=True)
        else:
            print(f"installing {DEFAULT[1]} from PyPI ...", flush=True)
            script = fetch_program(DEFAULT[1], DEFAULT[0], folder)
        starts = run_all(folder, script)
        print_table(starts, script)
    if any(start.ended != starts[0].ended for start in starts):
        sys.exit("\nThe output is NOT the same.  Please report this.")
    print("\nOutput and exit status are the same in all three, to the byte.")


if __name__ == "__main__":
    main()
