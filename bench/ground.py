"""The ground that starts are measured on: bare interpreters, and real programs from PyPI."""

import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(sysconfig.get_path("scripts")) / "mainspring"
PROGRAMS = {
    "cpplint": "cpplint==2.0.2",
    "git_filter_repo": "git-filter-repo==2.47.0",
    "bottle": "bottle==0.13.4",
}
LINES = 35_000


@dataclass(frozen=True)
class Ground:
    """A folder with two bare interpreters, one of them enabled, and programs to start."""

    folder: Path
    plain: Path
    enabled: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def find_program(self, name: str) -> Path:
        return self.folder / f"{name}.py"

    def enable_by_line(self) -> Path:
        """A third interpreter, enabled by a `.pth` line, since its sitecustomize is taken."""
        python = make_bare_venv(self.folder / "lines")
        if not any(self.folder.glob("lines/lib/python*/site-packages/mainspring.pth")):
            [site_packages] = self.folder.glob("lines/lib/python*/site-packages")
            taken = site_packages / "sitecustomize.py"
            taken.touch()
            enable(python)
            taken.unlink()
        return python

    def forget_entries(self) -> None:
        """Take all entries away, but not the cache: a first start of a program is not one of the user."""
        for build in (self.home / ".cache" / "mainspring").glob("cpython-*"):
            shutil.rmtree(build)


def prepare_ground(folder: Path) -> Ground:
    """Make all that the measurements need."""
    pythons = [make_bare_venv(folder / name) for name in ("plain", "slots")]
    enable(pythons[1])
    for name, requirement in PROGRAMS.items():
        fetch_program(requirement, name, folder)
    (folder / "generated.py").write_text(generate_script(LINES), encoding="utf-8")
    (folder / "one_line.py").write_text("pass\n", encoding="utf-8")
    return Ground(folder, *pythons)


def make_bare_venv(folder: Path) -> Path:
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    return folder / "bin" / "python"


def enable(python: Path) -> None:
    subprocess.run([LAUNCHER, "enable", "--python", python], check=True, stdout=subprocess.DEVNULL)


def fetch_program(requirement: str, name: str, folder: Path) -> Path:
    """Install *requirement* and put its module *name* into *folder*, as a script."""
    packages = folder / "packages"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [
            *pip,
            "install",
            "--no-deps",
            "--no-compile",
            "--target",
            packages,
            "--upgrade",
            requirement,
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return Path(shutil.copy(packages / f"{name}.py", folder / f"{name}.py"))


def generate_script(lines: int) -> str:
    """A script of that many lines: functions as people write them, of which few are called."""
    body = [
        "def function_{0}(items, limit={0}):",
        '    """Function {0} of many."""',
        "    total = 0",
        "    for place, item in enumerate(items):",
        "        if item % 7 == {0} % 7 and place < limit:",
        "            total += item * place",
        "        elif item < 0:",
        '            raise ValueError(f"negative: {{item}} at {{place}}")',
        "    return total",
        "",
    ]
    text = [line.format(number) for number in range(lines // len(body)) for line in body]
    return "\n".join([*text[:-1], "print(function_3(range(100)))", ""])
