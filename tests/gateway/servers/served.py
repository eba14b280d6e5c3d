"""The gateway, as an operator starts it, over a folder with this folder's scripts."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .processes import IS_ROOT, find_port, run_server

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

SCRIPTS: Final = Path(__file__).with_name("scripts")
UNFINISHED: Final = 'print("Content-Type: text/plain\\n\\nwhat nobody is to see"\n'


def copy_scripts(folder: Path, python: Path) -> Path:
    """The scripts, for the interpreter *python*."""
    for script in SCRIPTS.rglob("*.py"):
        place_script(folder / script.relative_to(SCRIPTS), script.read_text(encoding="utf-8"), python)
    place_script(folder / "unfinished.py", UNFINISHED, python)
    return folder


def place_script(place: Path, text: str, python: Path) -> None:
    place.parent.mkdir(exist_ok=True, parents=True)
    place.write_text(f"#!{python}\n{text}", encoding="utf-8")
    place.chmod(0o755)


def make_environment(folder: Path) -> dict[str, str]:
    """What a gateway is started with: a home and a folder for hosts of its own."""
    run = folder / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(run),
    }


class Gateway:
    """A running gateway: `unix` and `tcp` are where it speaks FastCGI, `scgi` where it speaks SCGI."""

    def __init__(self, folder: Path, scripts: Path, *options: str) -> None:
        self.folder, self.scripts, self.options = folder, scripts, options
        self.unix = f"unix:{folder}/cgi.sock"
        self.scgi = f"unix:{folder}/scgi.sock"
        self.tcp = f"127.0.0.1:{find_port()}"
        self.process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def run(self, launcher: Path) -> Iterator[Gateway]:
        group = ("--user", "root", "--socket-group", "nogroup") if IS_ROOT else ()
        command = [
            launcher,
            "serve",
            self.scripts,
            "--fastcgi",
            self.unix,
            "--fastcgi",
            self.tcp,
            "--scgi",
            self.scgi,
            *group,
            *self.options,
        ]
        environment = make_environment(self.folder)
        with run_server(
            command, self.folder, self.unix, self.tcp, self.scgi, environment=environment
        ) as process:
            self.process = process
            yield self

    def find_address(self, protocol: str, *, is_tcp: bool) -> str:
        return self.scgi if protocol == "scgi" else self.tcp if is_tcp else self.unix
