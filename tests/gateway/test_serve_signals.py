"""A gateway ends when what is under way is complete, and reloads without anybody noticing."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from .hosting import can_connect, wait_until

if TYPE_CHECKING:
    from .service import Scene, Service


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_under_way_is_completed_and_no_more_is_taken(
    scene: Scene, number: signal.Signals
) -> None:
    way = scene.make_way()
    with scene.serve() as service:
        idle, answer = service.raw(), service.ask("GET", f"/wait.py?{way}")
        assert answer.read(6) == b"begun\n"
        service.signal(number)
        wait_until(lambda: not can_connect(service.path), "the end of listening")
        assert idle.recv(1) == b""
        way.write_text("late\n")
        assert answer.read() == b"late\n\n"
        assert service.wait() == 0
        assert not os.path.lexists(service.path)
    assert service.complaints == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(scene: Scene, number: signal.Signals) -> None:
    scene.write(
        "stay.py", "import os, signal\nprint('A: b\\n\\n', os.getpid(), flush=True)\nsignal.pause()\n"
    )
    with scene.serve() as service:
        answer = service.ask("GET", "/stay.py")
        process = int((answer.fp.readline() and answer.fp.readline()) or answer.fp.readline())
        service.signal(number)
        wait_until(lambda: not can_connect(service.path), "the end of listening")
        service.signal(number)
        assert service.wait() == 1
        wait_until(lambda: not os.path.exists(f"/proc/{process}"), "the end of the script")


def test_the_end_has_a_bound(scene: Scene) -> None:
    scene.write("stay.py", "import signal\nsignal.signal(15, signal.SIG_IGN)\n"
                "print('A: b\\n\\n', flush=True)\nwhile True: signal.pause()\n")  # fmt: skip
    with scene.serve("--timeout", "0.5", "--grace", "0.3") as service:
        answer = service.ask("GET", "/stay.py")
        service.signal(signal.SIGTERM)
        assert service.wait() in {0, 1}
        assert answer.status == 200


def test_a_gateway_that_has_nothing_to_do_ends_at_once(scene: Scene) -> None:
    with scene.serve("--fastcgi", f"unix:{scene.folder / 'f'}") as service:
        service.signal(signal.SIGTERM)
        assert service.wait() == 0
        assert [name for name in ("f", "http") if (scene.folder / name).exists()] == []


def test_a_terminal_that_hangs_up_ends_it(scene: Scene) -> None:
    ours, theirs = os.openpty()
    through = ("setsid", "--ctty", "--wait", "sh", "-c", 'exec "$@"', "sh")
    # `setsid --ctty` takes its standard input for the terminal
    inner = ("sh", "-c", f'exec "$@" </proc/self/fd/{theirs}', "sh")
    with scene.serve(through=(*inner, *through), handed=(theirs,)) as service:
        os.close(theirs)
        assert service.get("/hello.py") == b"hello\n"
        os.close(ours)
        wait_until(lambda: not can_connect(service.path), "the end of listening")


def test_a_reload_looks_up_anew_what_is_served(scene: Scene) -> None:
    way, link = scene.make_way(), scene.folder / "current"
    scene.write("../next/hello.py", "print('Content-Type: text/plain\\n\\nnext')\n")
    link.symlink_to("cgi")
    with scene.serve(path=link) as service:
        assert service.get("/hello.py") == b"hello\n"
        under_way = service.ask("GET", f"/wait.py?{way}")
        link.unlink()
        link.symlink_to("next")
        service.signal(signal.SIGHUP)
        wait_until(lambda: service.get("/hello.py") == b"next\n", "what is next")
        way.write_text("still\n")
        assert under_way.read() == b"begun\nstill\n\n"


def test_a_reload_that_fails_leaves_all_as_it_was(scene: Scene) -> None:
    link = scene.folder / "current"
    link.symlink_to("cgi")
    with scene.serve(path=link) as service:
        link.unlink()
        service.signal(signal.SIGHUP)
        wait_until(lambda: "not reloaded: " in service.complaints, "a complaint")
        link.symlink_to("cgi")
        assert service.get("/hello.py") == b"hello\n"
        assert service.complaints.count("\n") == 1


def test_the_access_log_is_opened_anew(scene: Scene) -> None:
    log, old = scene.folder / "log", scene.folder / "log.1"
    with scene.serve("--access-log", log) as service:
        service.get("/hello.py?1")
        wait_until(lambda: "GET /hello.py?1 " in log.read_text(), "a line")
        log.rename(old)
        service.signal(signal.SIGUSR1)
        wait_until(log.exists, "a new log")
        service.get("/hello.py?2")
        wait_until(lambda: "GET /hello.py?2 " in log.read_text(), "a line")
    assert (old.read_text().count("\n"), log.read_text().count("\n")) == (1, 1)


def hear(manager: socket.socket) -> list[str]:
    return manager.recv(1000).decode().split("\n")


def test_the_service_manager_hears_of_all(scene: Scene) -> None:
    name = str(scene.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(60)
        manager.bind(name)
        with scene.serve(NOTIFY_SOCKET=name) as service:
            assert hear(manager) == ["READY=1", f"STATUS=serving {scene.cgi}"]
            service.signal(signal.SIGHUP)
            assert hear(manager)[0] == "RELOADING=1"
            assert hear(manager)[0] == "READY=1"
            service.signal(signal.SIGTERM)
            assert hear(manager)[0] == "STOPPING=1"
            assert service.wait() == 0


def test_a_watchdog_hears_signs_of_life(scene: Scene) -> None:
    name = str(scene.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(60)
        manager.bind(name)
        with scene.serve(NOTIFY_SOCKET=name, WATCHDOG_USEC="100000"):
            heard = [hear(manager) for _ in range(4)]
    assert heard[1:] == [["WATCHDOG=1"]] * 3


def test_scripts_hear_nothing_of_the_service_manager(scene: Scene) -> None:
    with scene.serve(NOTIFY_SOCKET="/nowhere", WATCHDOG_USEC="1000000") as service:
        assert b"NOTIFY_SOCKET" not in service.get("/show.py")


def read_limit(service: Service, script: str) -> list[str]:
    return service.get(script).decode().split()


def test_scripts_get_the_limits_that_the_gateway_began_with(scene: Scene) -> None:
    scene.write("limit.py", "import resource\nprint('Content-Type: text/plain\\n')\n"
                "print(*resource.getrlimit(resource.RLIMIT_NOFILE))\n")  # fmt: skip
    with scene.serve(through=("sh", "-c", 'ulimit -Sn 512; exec "$@"', "sh")) as service:
        with open(f"/proc/{service.process.pid}/limits", encoding="ascii") as file:
            [line] = [line.split() for line in file if line.startswith("Max open files")]
        assert line[3] == line[4]  # soft is hard
        cold = read_limit(service, "/limit.py")
        wait_until(lambda: len(os.listdir(scene.folder / "run" / "mainspring")) > 1, "a recipe")
        assert [cold] + [read_limit(service, "/limit.py") for _ in range(5)] == [["512", line[4]]] * 6
