"""Under load, a script that is edited, broken or removed, and a host that dies, hang nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gateway.ground import PLAIN, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.ground import Ground
    from gateway.wire import Answer

    Answers = list[tuple[float, Answer]]

CLIENTS = 4


@contextmanager
def load(ground: Ground, name: str) -> Iterator[Answers]:
    """Clients that ask for *name* all the time; when, and what they are answered."""
    answers: Answers = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            began = time.monotonic()
            answers.append((began, ground.get(name)))

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def await_more(answers: Answers) -> list[Answer]:
    """The answers to some requests that began from now on."""
    now = time.monotonic()

    def list_later() -> list[Answer]:
        return [answer for began, answer in list(answers) if began > now]

    wait_until(lambda: len(list_later()) > 2 * CLIENTS, "answered")
    return list_later()


def find_host(ground: Ground) -> int | None:
    command = [ground.launcher, "hosts", "--json"]
    told = json.loads(subprocess.check_output(command, env=ground.environment))
    return next((int(host["pid"]) for host in told["hosts"]), None)


def test_an_edit_is_what_the_next_request_runs(ground: Ground) -> None:
    ground.write("a.py", PLAIN + "print(0)\n")
    ground.warm_up("a.py")
    for number in range(1, 20):
        ground.write("a.py", PLAIN + f"print({number})\n")
        assert ground.get("a.py").body == b"%d\n" % number
        if number % 5 == 0:
            ground.warm_up("a.py")


def test_a_script_that_changes_under_load_is_right_or_a_clean_error(ground: Ground) -> None:
    ground.write("a.py", PLAIN + "print('old')\n")
    ground.warm_up("a.py")
    with load(ground, "a.py") as answers:
        await_more(answers)
        ground.write("a.py", PLAIN + "print('new')\n")
        assert {answer.body for answer in await_more(answers)} == {b"new\n"}
        ground.write("a.py", "def\n")
        assert {answer.status for answer in await_more(answers)} == {500}
        (ground.folder / "cgi" / "a.py").unlink()
        assert {answer.status for answer in await_more(answers)} == {404}
        ground.write("a.py", PLAIN + "print('again')\n")
        assert {answer.body for answer in await_more(answers)} == {b"again\n"}
    assert {answer.status for _, answer in answers} <= {200, 404, 500}


def test_a_host_that_dies_is_replaced_while_requests_wait(ground: Ground) -> None:
    ground.write("a.py", PLAIN + "print('hello')\n")
    ground.warm_up("a.py")
    with load(ground, "a.py") as answers:
        for _ in range(3):
            host = find_host(ground)
            assert host is not None
            os.kill(host, signal.SIGKILL)
            assert {answer.body for answer in await_more(answers)} == {b"hello\n"}
            wait_until(lambda before=host: find_host(ground) not in {None, before}, "replaced")
    wrong = [answer for _, answer in answers if answer.status != 200]
    assert {answer.status for answer in wrong} <= {500}
    assert len(wrong) <= 3 * CLIENTS  # those that ran when it was killed
