"""A file server that does not answer holds up those that ask for its scripts, and nobody else."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from gateway.ground import HELLO, wait_until
from gateway.wire import OVERLOADED
from mainspring.codecache import mounts
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.looking import MOST, may_hang
from mainspring.gateway.site import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from gateway.ground import Ground
    from mainspring.gateway.site import Target


class Distant(Site):
    """A site with a script `far.py` of which nothing is known before *answers* is set."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.may_hang = True
        self.answers = threading.Event()
        self.asked = 0

    def find(self, params: Mapping[str, str]) -> Target:
        if params["SCRIPT_NAME"] == "/far.py":
            self.asked += 1
            self.answers.wait()
        return super().find(params)


@pytest.fixture
def distant(lay_out: Callable[[Bounds], Ground], request: pytest.FixtureRequest) -> Iterator[Ground]:
    ground = lay_out(Bounds(queue_seconds=request.param))
    ground.write("near.py", HELLO)
    ground.write("far.py", HELLO)
    site = Distant(str(ground.folder / "cgi"))
    ground.gateway.site = site
    yield ground
    site.answers.set()


def find_site(ground: Ground) -> Distant:
    assert isinstance(ground.gateway.site, Distant)
    return ground.gateway.site


@pytest.mark.parametrize("distant", [60], indirect=True)
def test_others_are_served_while_a_look_takes_its_time(distant: Ground) -> None:
    site = find_site(distant)
    far = distant.ask("far.py")
    wait_until(lambda: site.asked, "asked")
    for _ in range(3):
        assert distant.get("near.py").body == b"hello\n"
    assert distant.get("none.py").status == 404
    site.answers.set()
    assert far.answer().body == b"hello\n"


@pytest.mark.parametrize("distant", [0.5], indirect=True)
def test_a_look_that_takes_too_long_is_a_503(distant: Ground) -> None:
    answer = distant.get("far.py")
    assert (answer.status, answer.protocol_status) == (503, OVERLOADED)
    assert [one["reason"] for one in distant.told()] == ["look-timeout"]
    find_site(distant).answers.set()
    assert distant.get("far.py").status == 200


@pytest.mark.parametrize("distant", [0.5], indirect=True)
def test_who_asks_while_all_threads_look_is_told_in_time_and_served_later(distant: Ground) -> None:
    site = find_site(distant)
    asked = [distant.ask("far.py") for _ in range(MOST)]
    wait_until(lambda: site.asked == MOST, "asked")
    assert distant.get("near.py").status == 503
    assert {client.answer().status for client in asked} == {503}
    site.answers.set()
    wait_until(lambda: distant.get("near.py").status == 200, "served again")
    assert threading.active_count() < 2 * MOST


@pytest.mark.parametrize("distant", [60], indirect=True)
def test_who_goes_while_it_is_looked_for_is_forgotten(distant: Ground) -> None:
    far = distant.ask("far.py")
    wait_until(lambda: find_site(distant).asked, "asked")
    far.socket.close()
    wait_until(lambda: not distant.gateway.requests, "forgotten")
    assert distant.told()[0]["reason"] == "gone"


@pytest.mark.parametrize(
    ("served", "expected"),
    [
        ("there/cgi", True),
        ("there", True),
        ("link", True),
        (".", True),  # there may be scripts below
        ("there2", False),
        ("here", False),
    ],
)
def test_a_file_server_is_seen_by_where_it_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, served: str, expected: bool
) -> None:
    for name in ("there/cgi", "there2", "here"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to("there/cgi")
    (tmp_path / "mounts").write_text(f"/dev/a / ext4 rw 0 0\nb:/ {tmp_path}/there nfs4 rw 0 0\n")
    monkeypatch.setattr(mounts, "MOUNTS_FILE", str(tmp_path / "mounts"))
    assert may_hang(str(tmp_path / served)) == expected
