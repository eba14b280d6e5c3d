"""Scripts run as the user that is named, with nothing left of root; and as root only if that is said."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security.people import install_for_all

from .hosting import hosted, wait_until
from .service import Scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from security.people import Installation

IS_ROOT = os.geteuid() == 0
#: whom Debian has everywhere, and who has no folder in /run/user
OTHER = "www-data" if IS_ROOT else pwd.getpwuid(os.geteuid()).pw_name
WHO = """\
import json, os
with open("/proc/self/status") as file:
    status = dict(line.split(":", 1) for line in file)
print("Content-Type: application/json")
print()
print(json.dumps({
    "user": os.getresuid(), "group": os.getresgid(), "groups": sorted(os.getgroups()),
    "permitted": int(status["CapPrm"], 16), "env": dict(os.environ),
}))
"""


@pytest.fixture(scope="module")
def installed() -> Iterator[Installation | None]:
    """What another user can reach; none is needed where there is no other."""
    if not IS_ROOT:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="mainspring-test-"))
    yield install_for_all(folder)
    shutil.rmtree(folder)


@pytest.fixture
def shared(scene: Scene, installed: Installation | None) -> Iterator[Scene]:
    """A scene that its user can enter, as the folders of a web server."""
    if installed is None:
        scene.write("who.py", WHO)
        yield scene
        return
    made = Path(tempfile.mkdtemp(dir=installed.folder))
    made.chmod(0o755)
    scene = Scene(made, installed.plain_python, installed.launcher)
    for name, value in installed.settings.items():  # what the copy of the interpreter needs
        scene.environment[name] = value
        scene.options += ("--env", f"{name}={value}")
    scene.cgi.chmod(0o755)
    scene.write("who.py", WHO)
    yield scene
    end_hosts_of_other(scene)


def become_other() -> list[str]:
    """What a command of an ordinary user's begins with."""
    entry = pwd.getpwnam(OTHER)
    ids = [f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}"]
    return ["setpriv", *ids, "--init-groups"] if IS_ROOT else []


def end_hosts_of_other(scene: Scene) -> None:
    """Leave nothing of theirs, nor in /run."""
    folder = Path(f"/run/mainspring-{pwd.getpwnam(OTHER).pw_uid}")
    subprocess.run(
        [*become_other(), scene.launcher, "hosts", "stop"],
        env=scene.environment | {"XDG_RUNTIME_DIR": str(folder), "HOME": "/nonexistent"},
        check=False,
        capture_output=True,
    )
    shutil.rmtree(folder, ignore_errors=True)


def test_root_has_to_say_whom_scripts_run_as(scene: Scene) -> None:
    said = scene.refuse(scene.cgi, "--http", "0", *(() if IS_ROOT else ("--user", "root")))
    expected = (
        r"mainspring: scripts would run as root; name a user with --user .*\n"
        if IS_ROOT
        else r"mainspring: only root can run scripts as root; .*\n"
    )
    assert re.fullmatch(expected, said)


def test_scripts_run_as_the_user_that_is_named(shared: Scene) -> None:
    entry = pwd.getpwnam(OTHER)
    with shared.serve(user=("--user", OTHER), SSH_AUTH_SOCK="/x", XDG_CONFIG_HOME="/y") as service:
        shown = json.loads(service.get("/who.py"))
        assert shown["user"] == [entry.pw_uid] * 3
        assert shown["group"] == [entry.pw_gid] * 3
        assert shown["groups"] == sorted(os.getgrouplist(OTHER, entry.pw_gid))
        assert shown["permitted"] == 0
        assert service.read_status("Uid").split() == [str(entry.pw_uid)] * 4
        if IS_ROOT:
            expected = {"HOME": entry.pw_dir, "USER": OTHER, "LOGNAME": OTHER}
            assert {name: shown["env"].get(name) for name in expected} == expected


def test_a_user_who_cannot_reach_the_scripts_is_refused(shared: Scene) -> None:
    shared.cgi.chmod(0)
    said = shared.refuse(shared.cgi, "--http", f"unix:{shared.folder / 'http'}", "--user", OTHER)
    shared.cgi.chmod(0o755)
    assert re.fullmatch(r"mainspring: .+ cannot reach .+/cgi; give that user access to it .*\n", said)


def test_the_user_has_a_folder_for_hosts_that_nobody_else_can_enter(shared: Scene) -> None:
    with shared.serve(user=("--user", OTHER)) as service:
        folder = json.loads(service.get("/who.py"))["env"]["XDG_RUNTIME_DIR"]
        status = os.stat(folder)
        assert (status.st_uid, status.st_mode & 0o777) == (pwd.getpwnam(OTHER).pw_uid, 0o700)
        wait_until(lambda: os.path.isdir(f"{folder}/mainspring"), "hosts")


def test_sockets_are_roots_and_still_removed_if_that_can_be(shared: Scene) -> None:
    with shared.serve(user=("--user", OTHER), http=True) as service:
        assert os.stat(service.path).st_uid == os.geteuid()
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
    if not IS_ROOT:
        assert not os.path.lexists(service.path)
    assert service.complaints == ""


def test_a_number_names_a_user_as_well(shared: Scene) -> None:
    number = pwd.getpwnam(OTHER).pw_uid
    with shared.serve(user=("--user", str(number))) as service:
        assert json.loads(service.get("/who.py"))["user"] == [number] * 3


@pytest.fixture
def own(shared: Scene) -> Scene:
    """A scene of the user who starts the gateway, and is not root."""
    if IS_ROOT:
        entry = pwd.getpwnam(OTHER)
        for path in (shared.folder, *shared.folder.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid)
    shared.through = tuple(become_other())
    return shared


@pytest.mark.parametrize("user", ["root", "0", "nobody"])
def test_an_ordinary_user_is_refused_another_one(own: Scene, user: str) -> None:
    said = own.refuse(own.cgi, "--http", f"unix:{own.folder / 'http'}", "--user", user)
    assert re.fullmatch(
        f"mainspring: only root can run scripts as {user}; leave out --user, or start it as root\n", said
    )
    assert not os.path.lexists(own.folder / "http")


def test_an_ordinary_user_is_told_of_one_who_does_not_exist(own: Scene) -> None:
    said = own.refuse(own.cgi, "--http", f"unix:{own.folder / 'http'}", "--user", "no-such-user")
    assert re.fullmatch(r"mainspring: there is no user 'no-such-user'; name one .*\n", said)


@pytest.mark.parametrize("way", ["none", "name", "number"])
def test_an_ordinary_user_may_name_themselves_and_keeps_what_they_have(own: Scene, way: str) -> None:
    entry = pwd.getpwnam(OTHER)
    words = {"none": (), "name": ("--user", OTHER), "number": ("--user", str(entry.pw_uid))}[way]
    with own.serve(user=words) as service:
        shown = json.loads(service.get("/who.py"))
        assert shown["user"] == [entry.pw_uid] * 3
        assert shown["permitted"] == 0
        assert shown["env"]["HOME"] == own.environment["HOME"]
        assert os.stat(service.path).st_uid == entry.pw_uid


def test_a_folder_of_the_service_manager_is_used_for_hosts(shared: Scene) -> None:
    folder = shared.folder / "service"
    folder.mkdir(mode=0o700)
    del shared.environment["XDG_RUNTIME_DIR"]
    own = ("--user", "root") if IS_ROOT else ()
    with shared.serve(user=own, RUNTIME_DIRECTORY=f"{folder}:/other") as service:
        shown = json.loads(service.get("/who.py"))["env"]
        expected = None if os.path.lexists(f"/run/user/{os.geteuid()}") else str(folder)
        assert shown.get("XDG_RUNTIME_DIR") == expected


def test_an_application_of_another_server_does_not_run_as_root_unasked(tmp_path: Path) -> None:
    (tmp_path / "cgi").mkdir()
    application = "mainspring.gateway.asgi:app"
    options = {"MAINSPRING_SERVE": str(tmp_path / "cgi")}
    if IS_ROOT:
        with (
            pytest.raises(AssertionError, match="scripts would run as root"),
            hosted("uvicorn", application, tmp_path, "--factory", **options),
        ):
            pass
    else:
        with hosted("uvicorn", application, tmp_path, "--factory", **options) as server:
            assert server.ask("GET", "/").status == 404
