"""A home with an interpreter of its own, in which hosts are nobody else's."""

import json
import shutil
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ground import LAUNCHER
from pairs import clean_environment


@dataclass(frozen=True)
class Home:
    """A folder with an interpreter, and a runtime folder for its hosts."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "venv" / "bin"

    @property
    def python(self) -> Path:
        return self.bin / "python"

    def make_interpreter(self) -> None:
        venv.EnvBuilder(symlinks=True, with_pip=True).create(self.folder / "venv")

    def pip(self, *arguments: str | Path) -> None:
        quiet = ("--quiet", "--disable-pip-version-check")
        subprocess.run([self.python, "-m", "pip", *quiet, *arguments], check=True)

    def environment(self) -> dict[str, str]:
        run = self.folder / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        return {**clean_environment(self.folder / "home"), "XDG_RUNTIME_DIR": str(run)}

    def list_hosts(self) -> list[dict[str, object]]:
        done = subprocess.run(
            [LAUNCHER, "hosts", "--json"], env=self.environment(), check=True, capture_output=True
        )
        hosts: list[dict[str, object]] = json.loads(done.stdout)["hosts"]
        return hosts

    def count_served(self, script: Path) -> int:
        """How many starts of *script* came from a host."""
        hosts = [host for host in self.list_hosts() if host["program"] == str(script)]
        return sum(int(str(host["served"])) for host in hosts)

    def stop_hosts(self) -> None:
        subprocess.run(
            [LAUNCHER, "hosts", "stop"], env=self.environment(), check=False, capture_output=True
        )

    @contextmanager
    def start_afresh(self) -> Iterator[None]:
        """Without recipes, which may be another version's; at the end, the hosts are stopped."""
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        try:
            yield
        finally:
            self.stop_hosts()
