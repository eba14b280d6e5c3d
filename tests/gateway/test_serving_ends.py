"""However a request ends, its script and all of that one's group are gone, and its place is free."""

from __future__ import annotations

import os
import select
import signal
from typing import TYPE_CHECKING

import pytest

from gateway.ground import HELLO, PLAIN, wait_until
from gateway.wire import ABORT, pack
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.leader import LINGER_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.ground import Ground

#: answers at once, or does what the query says
BEGIN = """\
import os, sys, time
wish = os.environ["QUERY_STRING"]
print("Content-Type: text/plain\\n")
if not wish:
    print("hello")
    sys.exit()
if "stubborn" in wish:
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "speaks" in wish:
    print("spoken", flush=True)
with open("pids", "w") as file:
    child = os.fork()
    if child == 0:
        os.close(1), os.close(2)
        time.sleep(1000)
    file.write(f"{os.getpid()} {child}")
"""
SLEEPS = BEGIN + "time.sleep(1000)\n"


def read_pids(ground: Ground) -> list[int]:
    file: Path = ground.folder / "cgi" / "pids"
    wait_until(lambda: file.is_file() and file.read_text(), "started")
    return [int(number) for number in file.read_text().split()]


def is_gone(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def hold_all_ended(ground: Ground) -> None:
    for process in read_pids(ground):
        wait_until(lambda process=process: is_gone(process), "ended")
    wait_until(lambda: not ground.gateway.pool.running, "free")


@pytest.fixture(params=["cold", "warm"])
def sleeping(lay_out: Callable[[Bounds], Ground], request: pytest.FixtureRequest) -> Ground:
    """A ground with a script that sleeps if it is asked to, and comes from a host or from none."""
    ground = lay_out(Bounds(seconds=3, grace=0.3))
    ground.write("a.py", SLEEPS)
    if request.param == "warm":
        ground.warm_up("a.py")
    return ground


@pytest.mark.parametrize("wish", ["willing", "stubborn"])
def test_a_script_that_takes_too_long_is_ended(sleeping: Ground, wish: str) -> None:
    assert sleeping.get("a.py", QUERY_STRING=wish).status == 504
    assert sleeping.told()[-1]["reason"] == "timeout"
    hold_all_ended(sleeping)


def test_an_answer_that_has_begun_is_broken_off_when_time_is_over(sleeping: Ground) -> None:
    answer = sleeping.get("a.py", QUERY_STRING="speaks")
    assert (answer.status, answer.body, answer.app_status) == (200, b"spoken\n", None)
    hold_all_ended(sleeping)


@pytest.mark.parametrize("wish", ["willing", "speaks,stubborn"])
def test_a_client_that_goes_away_takes_its_script_along(sleeping: Ground, wish: str) -> None:
    client = sleeping.ask("a.py", QUERY_STRING=wish)
    read_pids(sleeping)
    client.socket.close()
    hold_all_ended(sleeping)
    assert sleeping.told()[-1]["reason"] == "gone"


def test_a_request_that_is_aborted_takes_its_script_along(sleeping: Ground) -> None:
    with sleeping.ask("a.py", QUERY_STRING="willing") as client:
        read_pids(sleeping)
        client.send(pack(ABORT, 1))
        assert client.answer().app_status == 0
        assert client.fetch(sleeping.name("a.py"), request=2).body == b"hello\n"
    hold_all_ended(sleeping)


def test_a_script_that_is_killed_does_not_look_complete(sleeping: Ground) -> None:
    with sleeping.ask("a.py", QUERY_STRING="speaks") as client:
        script, child = read_pids(sleeping)
        os.kill(script, signal.SIGKILL)
        assert client.answer().app_status is None
    assert sleeping.told()[-1]["reason"] == "cut-short"
    assert "signal 9" in sleeping.log
    os.kill(child, signal.SIGKILL)


def test_a_script_that_is_killed_does_not_look_complete_while_its_host_cannot_tell(
    ground: Ground,
) -> None:
    ground.write("a.py", SLEEPS)
    ground.warm_up("a.py")
    with ground.ask("a.py", QUERY_STRING="speaks") as client:
        script, child = read_pids(ground)
        host = read_parent(script)
        os.kill(host, signal.SIGSTOP)
        for process in (child, script):
            os.kill(process, signal.SIGKILL)
        while b"spoken" not in client.socket.recv(1 << 16):
            pass
        told, _, _ = select.select([client.socket], [], [], 5 * LINGER_SECONDS)
        os.kill(host, signal.SIGCONT)
        assert told == []
        assert client.answer().app_status is None
    assert ground.told()[-1]["reason"] == "cut-short"


def read_parent(process: int) -> int:
    with open(f"/proc/{process}/stat", encoding="utf-8") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def test_a_script_that_closes_its_output_is_answered_and_goes_on(sleeping: Ground) -> None:
    sleeping.write("b.py", HELLO + "import os, sys, time\n"
                   "sys.stdout.flush()\nos.close(1)\ntime.sleep(0.5)\nopen('late', 'w')\n")  # fmt: skip
    assert sleeping.get("b.py").body == b"hello\n"
    assert not (sleeping.folder / "cgi" / "late").exists()
    assert sleeping.gateway.pool.running == 1
    wait_until((sleeping.folder / "cgi" / "late").exists, "late")
    wait_until(lambda: not sleeping.gateway.pool.running, "free")


def test_a_status_of_the_script_is_told(ground: Ground) -> None:
    ground.write("a.py", HELLO + "import sys\nsys.exit(3)\n")
    assert ground.get("a.py").app_status == 3


TELLS_AND_GOES_ON = PLAIN + (
    "import os, sys, time\n"
    "if os.environ['QUERY_STRING']:\n"
    "    print('told', file=sys.stderr)\n"
    "    os.close(1)\n"
    "    while True: time.sleep(60)\n"
)


def test_what_a_script_complains_of_at_once_is_told_before_its_answer(ground: Ground) -> None:
    """Be it that it answers nothing, and goes on: it is from a host, and so within the first moment."""
    ground.write("a.py", TELLS_AND_GOES_ON)
    ground.warm_up("a.py")
    assert ground.get("a.py", QUERY_STRING="tell").status == 500
    assert ": told\n" in ground.log


def test_a_script_that_raises_has_told_why(ground: Ground) -> None:
    ground.write("a.py", "raise ValueError('of the script')\n")
    answer = ground.get("a.py")
    assert (answer.status, b"script" in answer.body) == (500, False)
    assert "ValueError: of the script" in ground.log
