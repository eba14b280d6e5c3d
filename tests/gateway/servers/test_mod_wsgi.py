"""Apache's mod_wsgi runs scripts as a host of `mainspring.gateway.wsgi`, in daemons of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.people import copy_packages

from gateway.hosting import wait_until
from gateway.service import HELLO, SHOW
from gateway.test_serve_http import HASH

from .client import Client
from .processes import AS_NOBODY, IS_ROOT, find_port, find_server, make_folder, run_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Debian's own, which the module is built for
PYTHON = "/usr/bin/python3"
MODULE = "/usr/lib/apache2/modules/mod_wsgi.so"
CONFIGURATION = """\
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/run/pid
ErrorLog {folder}/run/errors
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule wsgi_module {module}
WSGISocketPrefix {folder}/run/wsgi
WSGIDaemonProcess scripts python-home={folder}/venv home={folder}/run processes=2 threads=4
WSGIScriptAlias / {folder}/scripts.wsgi process-group=scripts application-group=%{{GLOBAL}}
WSGIChunkedRequest On
<Directory {folder}>
  Require all granted
</Directory>
"""
APPLICATION = """\
from mainspring.gateway.wsgi import app
application = app({path!r}, access_log={log!r}, log_format="json")
"""


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with make_folder() as made:
        lay_out(made)
        yield made


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    apache = find_server("apache2")
    if not os.path.exists(MODULE):
        find_server("mod_wsgi (libapache2-mod-wsgi-py3)")
    port = find_port()
    (folder / "apache.conf").write_text(
        CONFIGURATION.format(port=port, folder=folder, module=MODULE), encoding="ascii"
    )
    command = [*AS_NOBODY, apache, "-f", folder / "apache.conf", "-D", "FOREGROUND"]
    environment = {"PATH": os.environ["PATH"], "HOME": f"{folder}/run", "LANG": "C.UTF-8",
                   "XDG_RUNTIME_DIR": f"{folder}/run"}  # fmt: skip
    with run_server(command, folder, f"127.0.0.1:{port}", environment=environment):
        yield Client(port)
    launcher = str(folder / "venv" / "bin" / "mainspring")
    subprocess.run([*AS_NOBODY, launcher, "hosts", "stop"], env=environment, check=False)


def lay_out(folder: Path) -> None:
    """Scripts, an environment of Debian's Python with Mainspring in it, and the application."""
    for name in ("cgi", "run"):
        (folder / name).mkdir(mode=0o755)
    if IS_ROOT:
        os.chown(folder / "run", 65534, 65534)
    (folder / "run").chmod(0o700)
    for name, text in (("hello", HELLO), ("show", SHOW), ("hash", HASH)):
        (folder / "cgi" / f"{name}.py").write_text(f"#!{PYTHON}\n{text}")
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    copy_packages(folder / "venv")
    application = APPLICATION.format(path=f"{folder}/cgi", log=f"{folder}/run/log")
    (folder / "scripts.wsgi").write_text(application)


def test_a_script_answers_with_all_that_it_is_to_know(client: Client) -> None:
    shown = json.loads(client.get("/show.py/a%20b?c=1").body)["env"]
    expected = {
        "SCRIPT_NAME": "/show.py",
        "PATH_INFO": "/a b",
        "QUERY_STRING": "c=1",
        "REQUEST_URI": "/show.py/a%20b?c=1",
        "REMOTE_ADDR": "127.0.0.1",
    }
    assert {name: shown.get(name) for name in expected} == expected
    assert shown["SCRIPT_FILENAME"].endswith("/cgi/show.py")


def test_a_body_arrives(client: Client) -> None:
    body = os.urandom(3 << 20)
    answer = client.ask("POST", "/hash.py", body=body)
    assert answer.text == hashlib.sha256(body).hexdigest()


def test_scripts_start_from_a_host(client: Client, folder: Path) -> None:
    def is_warm() -> bool:
        assert client.get("/hello.py").body == b"hello\n"
        lines = (folder / "run" / "log").read_text().splitlines()
        return bool(lines) and json.loads(lines[-1])["kind"] == "warm"

    wait_until(is_warm, "a warm start")
