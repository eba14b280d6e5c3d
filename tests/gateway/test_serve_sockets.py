"""A gateway listens where it is told to, on sockets of its own or of the service manager's."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from mainspring.gateway.activation import BadActivationError, take_over

from .hosting import Connection, can_connect
from .service import activate
from .wire import ORDINARY, fetch_fastcgi, fetch_scgi

if TYPE_CHECKING:
    from pathlib import Path

    from .service import Scene


def test_each_front_answers_at_its_address(scene: Scene) -> None:
    paths = {name: str(scene.folder / name) for name in ("fastcgi", "scgi", "admin")}
    words = [word for name, path in paths.items() for word in (f"--{name}", f"unix:{path}")]
    params = {**ORDINARY, "SCRIPT_NAME": "/hello.py"}
    with scene.serve(*words) as service:
        assert fetch_fastcgi(paths["fastcgi"], params).body == b"hello\n"
        assert fetch_scgi(paths["scgi"], params).body == b"hello\n"
        assert service.get("/hello.py") == b"hello\n"
        connection = Connection(paths["admin"])
        connection.request("GET", "/-/status?format=json")
        status = json.loads(connection.getresponse().read())
        connection.close()
        assert status["requests"]["under_way"] == 0
        for name in (*paths, "http"):
            assert re.search(rf"^  {name} +unix:{scene.folder}/{name}$", service.said, re.MULTILINE)
            assert stat.S_IMODE((scene.folder / name).stat().st_mode) == 0o660


def test_without_an_address_http_is_answered_on_port_8000(scene: Scene) -> None:
    with scene.serve(http=False, through=in_namespace(), user=("--user", "root")) as service:
        assert "  http    http://127.0.0.1:8000/\n" in service.said


def in_namespace() -> tuple[str, ...]:
    """A command before another one's, in whose network nobody else has the port."""
    own = () if os.geteuid() == 0 else ("--map-root-user",)
    return ("unshare", "--net", *own, "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh")


def test_one_front_may_have_several_addresses(scene: Scene) -> None:
    paths = [str(scene.folder / name) for name in ("a", "b")]
    with scene.serve(*(word for path in paths for word in ("--http", f"unix:{path}"))):
        assert [can_connect(path) for path in paths] == [True, True]


def test_sockets_have_the_mode_and_group_that_are_asked_for(scene: Scene) -> None:
    group = max({*os.getgroups(), os.getgid()} if os.geteuid() else {4})
    with scene.serve("--socket-mode", "600", "--socket-group", str(group)) as service:
        status = os.stat(service.path)
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o600, group)


def test_sockets_of_the_service_manager_are_taken_by_name(scene: Scene, tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("f", "s", "h")]
    sockets = [socket.socket(socket.AF_UNIX) for _ in paths]
    for one, path in zip(sockets, paths, strict=True):
        one.bind(path)
        one.listen()
    params = {**ORDINARY, "SCRIPT_NAME": "/hello.py"}
    through, handed = activate(*zip(("fastcgi", "scgi", "http"), sockets, strict=True))
    with scene.serve(http=False, through=through, handed=handed) as service:
        assert fetch_fastcgi(paths[0], params).body == b"hello\n"
        assert fetch_scgi(paths[1], params).body == b"hello\n"
        connection = Connection(paths[2])
        connection.request("GET", "/show.py")
        assert b"LISTEN_" not in connection.getresponse().read()
        connection.close()
        assert "8000" not in service.said
    for one in sockets:
        one.close()
    assert all(map(os.path.exists, paths))  # they are the manager's


def test_a_port_of_the_service_manager_is_taken_too(scene: Scene) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        through, handed = activate(("scgi", listening))
        with scene.serve(http=False, through=through, handed=handed) as service:
            assert f"  scgi    127.0.0.1:{port}\n" in service.said


def refuse_handed(scene: Scene, name: str, one: socket.socket) -> str:
    through, handed = activate((name, one))
    with pytest.raises(AssertionError) as caught, scene.serve(through=through, handed=handed):
        pass
    return str(caught.value)


def test_a_socket_with_another_name_is_refused(scene: Scene) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        said = refuse_handed(scene, "web.socket", listening)
    assert "is named 'web.socket'; set FileDescriptorName= " in said


def test_a_socket_that_does_not_listen_is_refused(scene: Scene) -> None:
    with socket.socket() as idle:
        assert "does not listen" in refuse_handed(scene, "http", idle)


@pytest.mark.parametrize("count", ["999999999", "9" * 20, "9" * 5000])
def test_more_sockets_than_there_can_be_are_refused_in_a_line(count: str) -> None:
    given = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": count}
    with pytest.raises(BadActivationError):
        take_over(given)


def test_sockets_for_another_process_are_not_ours(scene: Scene) -> None:
    with scene.serve(LISTEN_PID="1", LISTEN_FDS="2", LISTEN_FDNAMES="http:http") as service:
        assert service.get("/hello.py") == b"hello\n"


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(scene: Scene) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(scene.folder / "http"))
    with scene.serve() as service:
        assert service.get("/hello.py") == b"hello\n"
        said = scene.refuse(scene.cgi, "--http", f"unix:{service.path}", "--user", "root")
        assert re.fullmatch(r"mainspring: another process listens on unix:\S+; .*\n", said)
        assert service.get("/hello.py") == b"hello\n"
