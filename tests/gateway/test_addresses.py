"""Nobody but those an address is meant for can connect, and nothing is replaced that others use."""

from __future__ import annotations

import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from mainspring.errors import BadArgumentsError
from mainspring.gateway import listening
from mainspring.gateway.addresses import InternetAddress, UnixAddress, parse_address
from mainspring.gateway.listening import Access, NotListeningError, listen

if TYPE_CHECKING:
    from pathlib import Path

    from mainspring.gateway.addresses import Address


HAS_IPV6 = os.path.exists("/proc/net/if_inet6")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9000", InternetAddress("127.0.0.1", 9000)),
        (":9000", InternetAddress("127.0.0.1", 9000)),
        ("0.0.0.0:80", InternetAddress("0.0.0.0", 80)),  # noqa: S104 - said, and so meant
        ("example.org:80", InternetAddress("example.org", 80)),
        ("[::1]:9000", InternetAddress("::1", 9000)),
        ("[fe80::1%lo]:1", InternetAddress("fe80::1%lo", 1)),
        ("127.0.0.1:0", InternetAddress("127.0.0.1", 0)),
        ("unix:/run/a b", UnixAddress("/run/a b")),
        ("unix:/run/../x:1", UnixAddress("/x:1")),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", ":", "host", "host:", "host:port", "1:2:3", "::1:9000", "[::1]", "[::1]9000", "127.0.0.1:65536",
     "127.0.0.1:-1", "unix:", "unix:a\0b", "/run/s", "h/x:1", "9000 ", "\u0669000", "http://h:1",
     "unix:/" + "x" * 107],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(BadArgumentsError) as caught:
        parse_address(text)
    assert caught.value.remedy


def test_a_relative_path_is_of_the_folder_that_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_address("unix:s") == UnixAddress(str(tmp_path / "s"))


def test_the_longest_path_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    address = parse_address(f"unix:{tmp_path / 'x'!s:x<107}")
    [one] = listen(address, Access())
    one.close()


def connect(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


@pytest.mark.parametrize("mode", [0o660, 0o600, 0o666])
@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
def test_a_socket_has_its_mode_whatever_the_umask(tmp_path: Path, mode: int, umask: int) -> None:
    path = tmp_path / "s"
    before = os.umask(umask)
    try:
        [one] = listen(UnixAddress(str(path)), Access(mode))
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    connect(path)
    one.close()
    assert not path.exists()


def test_a_socket_is_nobodys_until_it_has_its_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    path = tmp_path / "s"

    def admit(given: str, access: Access) -> tuple[int, int]:
        seen.append(stat.S_IMODE(path.stat().st_mode))
        return original(given, access)

    original = listening.admit
    monkeypatch.setattr(listening, "admit", admit)
    [one] = listen(UnixAddress(str(path)), Access(0o666))
    one.close()
    assert seen == [0]


def test_a_socket_has_its_group(tmp_path: Path) -> None:
    # one that the tests may give: any, as root
    group = max({*os.getgroups(), os.getgid(), 4 if os.geteuid() == 0 else 0})
    path = tmp_path / "s"
    [one] = listen(UnixAddress(str(path)), Access(0o660, group))
    assert path.stat().st_gid == group
    one.close()


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    [one] = listen(UnixAddress(str(path)), Access())
    connect(path)
    one.close()


def test_a_live_socket_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s"
    [one] = listen(UnixAddress(str(path)), Access())
    with pytest.raises(NotListeningError, match="another process listens on unix:"):
        listen(UnixAddress(str(path)), Access())
    connect(path)
    one.close()


def test_a_live_socket_with_a_full_queue_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as waiting:
        busy.bind(str(path))
        busy.listen(0)
        waiting.connect(str(path))
        with pytest.raises(NotListeningError):
            listen(UnixAddress(str(path)), Access())


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling", "fifo"])
def test_what_is_no_socket_is_never_replaced(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "s", tmp_path / "other"
    if kind == "file":
        path.write_text("dear")
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(other)
        if kind == "link":
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(other))
    before = path.lstat()
    with pytest.raises(NotListeningError, match="is no socket"):
        listen(UnixAddress(str(path)), Access())
    assert path.lstat() == before


def test_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotListeningError, match="its folder is missing"):
        listen(UnixAddress(str(tmp_path / "a" / "s")), Access())


def test_at_the_end_a_socket_of_somebody_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "s"
    [one] = listen(UnixAddress(str(path)), Access())
    path.unlink()
    [another] = listen(UnixAddress(str(path)), Access())
    one.close()
    connect(path)
    another.close()
    assert not path.exists()


def test_at_the_end_a_file_that_is_gone_is_no_failure(tmp_path: Path) -> None:
    path = tmp_path / "s"
    [one] = listen(UnixAddress(str(path)), Access())
    path.unlink()
    one.close()


@pytest.mark.parametrize("text", ["127.0.0.1:0", *(["[::1]:0"] if HAS_IPV6 else []), "localhost:0"])
def test_a_port_is_listened_on_and_told(text: str) -> None:
    for one in listen(parse_address(text), Access()):
        assert isinstance(one.address, InternetAddress)
        assert one.address.port > 0
        with socket.create_connection((one.address.host, one.address.port)):
            pass
        one.close()


def test_a_port_in_use_is_refused_in_words() -> None:
    [one] = listen(parse_address("127.0.0.1:0"), Access())
    with pytest.raises(NotListeningError, match="it is in use; "):
        listen(one.address, Access())
    one.close()


def test_a_host_without_an_address_is_refused() -> None:
    with pytest.raises(NotListeningError, match=r"cannot listen on nowhere\.invalid:1: "):
        listen(parse_address("nowhere.invalid:1"), Access())
