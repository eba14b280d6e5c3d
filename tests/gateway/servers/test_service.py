"""The service of the documentation: systemd opens its socket, its logs are rotated, it ends when told."""

from __future__ import annotations

import configparser
import os
import shlex
import signal
import subprocess
from typing import TYPE_CHECKING, Final

import pytest
from warm.parity.remains import wait_for

from .client import Client
from .fronts import DOCUMENTED, NGINX
from .processes import IS_ROOT, PATIENCE, find_server, run_server
from .served import copy_scripts, make_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICE: Final = DOCUMENTED / "mainspring-cgi.service"
SOCKET: Final = DOCUMENTED / "mainspring-cgi.socket"


def read_unit(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(path)
    return unit


def write_command(folder: Path, launcher: Path) -> list[str]:
    """The unit's ExecStart=, with this test's paths."""
    words = shlex.split(read_unit(SERVICE)["Service"]["ExecStart"])
    changes = {
        "/usr/local/bin/mainspring": str(launcher),
        "/srv/cgi": str(folder / "cgi"),
        "/var/log/mainspring-cgi": str(folder),
        "127.0.0.1:8025": f"unix:{folder}/admin.sock",
    }
    for old, new in changes.items():
        assert any(old in word for word in words), old
        words = [word.replace(old, new) for word in words]
    return [*words, "--user", "root"] if IS_ROOT else words


@pytest.fixture
def service(folder: Path, bare_python: Path, launcher: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The service, started as systemd does: with the socket open, at the first connection."""
    copy_scripts(folder / "cgi", bare_python)
    unit = read_unit(SOCKET)["Socket"]
    activate = [
        find_server("systemd-socket-activate"),
        f"--listen={folder}/cgi.sock",
        f"--fdname={unit['FileDescriptorName']}",
        *(f"--setenv={name}={value}" for name, value in make_environment(folder).items()),
    ]
    command = [*activate, *write_command(folder, launcher)]
    with run_server(command, folder) as process:
        wait_for((folder / "cgi.sock").exists, "open", PATIENCE)
        (folder / "cgi.sock").chmod(0o666)
        yield process


def test_the_service_of_the_documentation_serves_logs_anew_and_ends(
    service: subprocess.Popen[bytes], folder: Path
) -> None:
    with NGINX.run(folder, folder / "cgi", f"unix:{folder}/cgi.sock") as port:
        client = Client(port)
        assert client.get("/cgi-bin/hello.py?before").body == b"hello\n"
        (folder / "access.log").rename(folder / "access.log.1")
        service.send_signal(signal.SIGUSR1)
        wait_for((folder / "access.log").exists, "opened anew")
        assert client.get("/cgi-bin/hello.py?after").body == b"hello\n"
        wait_for(lambda: "?after" in (folder / "access.log").read_text(), "logged")
        assert "?before" in (folder / "access.log.1").read_text()
        service.send_signal(signal.SIGHUP)
        assert client.get("/cgi-bin/hello.py").body == b"hello\n"
        service.terminate()
        assert service.wait(PATIENCE) == 0


def test_systemd_has_nothing_to_say_of_the_units(folder: Path, launcher: Path) -> None:
    verify = find_server("systemd-analyze")
    text = SERVICE.read_text().replace("/usr/local/bin/mainspring", str(launcher))
    (folder / SERVICE.name).write_text(text.replace("=cgi\n", f"={os.getuid()}\n"))
    (folder / SOCKET.name).write_text(SOCKET.read_text())
    units = [folder / SERVICE.name, folder / SOCKET.name]
    done = subprocess.run(
        [verify, "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
