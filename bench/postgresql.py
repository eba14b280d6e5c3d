"""A PostgreSQL of the benchmark's own, and a script whose module keeps a connection to it."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from serving import PATIENCE, Ground, NotUpError, find

SCRIPT = """\
import database

[(word,)] = database.connection.execute("SELECT 'hello'")
print("Content-Type: text/plain\\n")
print(word)
"""
DATABASE = """\
import psycopg

connection = psycopg.connect("host={socket} user=bench dbname=postgres", autocommit=True)
"""
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'postgres'"
#: it refuses to be root's
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if os.geteuid() == 0 else ()


@dataclass(frozen=True)
class Cluster:
    """A running server; its folder holds its socket."""

    folder: Path

    def ask(self, query: str) -> int:
        words: list[str | Path] = [
            find("psql"),
            "-h",
            self.folder,
            "-U",
            "bench",
            "-d",
            "template1",
            "-Atc",
            query,
        ]
        done = subprocess.run(words, check=True, capture_output=True)
        return int(done.stdout)

    def write_script(self, ground: Ground) -> Path:
        (ground.scripts / "database.py").write_text(DATABASE.format(socket=self.folder), encoding="utf-8")
        return ground.write("connected.py", SCRIPT)


@contextmanager
def run_postgresql(ground: Ground) -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="mainspring-pg-") as temporary:
        folder = Path(temporary)
        if AS_NOBODY:
            shutil.chown(folder, 65534, 65534)
        options: list[str | Path] = ["-D", folder / "data", "-U", "bench", "-A", "trust", "--no-sync"]
        subprocess.run(
            [*AS_NOBODY, find("initdb"), *options], cwd=folder, check=True, capture_output=True
        )
        command = [*AS_NOBODY, find("postgres"), "-D", folder / "data", "-k", folder, "-h", "", "-F"]
        with ground.run("postgresql", command, at=folder / ".s.PGSQL.5432"):
            wait_until_ready(folder)
            yield Cluster(folder)


def wait_until_ready(folder: Path) -> None:
    """It accepts connections before it answers queries."""
    deadline = time.monotonic() + PATIENCE
    while subprocess.run([find("pg_isready"), "-q", "-h", folder], check=False).returncode:
        if time.monotonic() > deadline:
            raise NotUpError("postgres")
        time.sleep(0.02)
