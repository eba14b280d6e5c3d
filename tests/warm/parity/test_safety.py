"""A start comes from a host of the very user who asks for it, or it is cold."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, as_user, list_tree, need, need_root

from .remains import list_descendants, wait_for
from .world import live_in, make_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from security.people import Installation
    from starts import Argument

    from .world import WarmWorld

PROGRAM = "import argparse, json, logging, os\nprint(os.getresuid(), os.getresgid(), os.getgroups())\n"
#: listens where it is told, and notes whatever comes
LISTENER = """\
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
os.chmod(sys.argv[1], 0o777)
print("listening", flush=True)
while True:
    connection = listener.accept()[0]
    connection.settimeout(5)
    print("got", len(connection.recv(1 << 20)), flush=True)
"""
ASK = """\
import os, socket, struct, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.settimeout(5)
try:
    connection.sendall(struct.pack("<IB", 1, ord(sys.argv[2])))
    print(connection.recv(1 << 16))
except ConnectionError:
    print(b"")
"""
REPLAY = """\
import os, socket, sys
with socket.socket(socket.AF_UNIX) as connection, open(sys.argv[2], "rb") as file:
    connection.settimeout(5)
    connection.connect(sys.argv[1])
    descriptors = [os.open("/", os.O_PATH), *(os.open(os.devnull, os.O_RDWR) for _ in range(3))]
    socket.send_fds(connection, [file.read()], descriptors)
    sys.stdout.buffer.write(connection.recv(100)[4:5])
"""


@pytest.fixture
def program(warm_world: WarmWorld) -> WarmWorld:
    warm_world.write("program.py", PROGRAM)
    return warm_world


def assert_cold(world: WarmWorld) -> None:
    """Starts are cold however many there are, and like plain ones."""
    for _ in range(4):
        world.log.unlink(missing_ok=True)
        assert world.ask_for_warm("program.py") == world.start_plain("program.py")
        assert world.last_outcome not in ("warm", None)
        world.assert_nothing_runs()
    assert not world.list_hosts()


# ---- the folder ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o707, 0o777, 0o1777, 0o710, 0o701])
def test_a_folder_that_others_can_enter(program: WarmWorld, mode: int) -> None:
    program.folder.mkdir()
    program.folder.chmod(mode)
    assert_cold(program)
    assert list_tree(program.folder) == {}


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_a_folder_that_others_can_enter_by_now(program: WarmWorld, mode: int) -> None:
    """What was found there before is not trusted any more, a host neither."""
    program.warm_up("program.py")
    program.folder.chmod(mode)
    program.log.unlink()
    assert program.ask_for_warm("program.py") == program.start_plain("program.py")
    assert program.last_outcome != "warm"
    program.folder.chmod(0o700)


def make_link(path: Path) -> None:
    other = path.with_name("other")
    other.mkdir(mode=0o700)
    path.symlink_to(other)


def make_dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nowhere"))


def make_foreign(path: Path) -> None:
    need_root()
    path.mkdir(mode=0o700)
    os.chown(path, STRANGER, STRANGER)


@pytest.mark.parametrize("make", [make_link, make_dangling, make_foreign, Path.touch, os.mkfifo])
def test_what_is_in_the_place_of_the_folder(program: WarmWorld, make: Callable[[Path], None]) -> None:
    make(program.folder)
    assert_cold(program)
    assert list_tree(program.runtime).keys() <= {"mainspring", "other"}


@pytest.mark.parametrize("value", ["{home}/nowhere", "/dev/null", "/proc/self/fd/0", "/proc"])
def test_where_no_folder_can_be(program: WarmWorld, value: str) -> None:
    program.settings["XDG_RUNTIME_DIR"] = value.replace("{home}", str(program.home))
    for _ in range(3):
        environment = {**program.environment(), "XDG_RUNTIME_DIR": program.settings["XDG_RUNTIME_DIR"]}
        warm = program.ask_for_warm("program.py", env=environment)
        assert warm == program.start_plain("program.py", env=environment)
    assert not program.is_log_warm


# ---- other users --------------------------------------------------------------------------------


@pytest.fixture
def two_worlds(
    installation: Installation, tmp_path: Path, adopted_orphans: None
) -> Iterator[tuple[WarmWorld, WarmWorld]]:
    """Root's world and a stranger's: the same program, of the same interpreter."""
    del adopted_orphans
    folder = installation.folder / tmp_path.name
    folder.mkdir()
    worlds = []
    for name, owner in (("root", 0), ("stranger", STRANGER)):
        (folder / name).mkdir()
        world = make_world(folder / name, installation.plain_python, installation.launcher)
        world.settings.update(installation.settings)
        for path in (world.home, world.work, world.runtime):
            os.chown(path, owner, owner)
        world.prefix = () if owner == 0 else as_user(owner)
        worlds.append(world)
    (folder / "program.py").write_text(PROGRAM)
    yield from ((worlds[0], worlds[1]) for _ in live_in(worlds[0]))
    shutil.rmtree(folder)


def test_each_user_has_hosts_of_their_own(two_worlds: tuple[WarmWorld, WarmWorld]) -> None:
    for world in two_worlds:
        program = world.home.parents[1] / "program.py"
        warm = world.start_warm(program)
        assert warm == world.start_plain(program)
    users = {os.stat(f"/proc/{process.number}").st_uid for process in list_descendants()}
    assert users == {0, STRANGER}
    two_worlds[1].stop_hosts()


def have_uses_noted(world: WarmWorld) -> None:
    """A host does that before it answers its user."""
    command = [*world.prefix, world.launcher, "hosts", "--json"]
    told = subprocess.check_output(command, env=world.environment())
    assert [host["served"] for host in json.loads(told)["hosts"]] == [1]


def test_nobody_uses_the_host_of_another(two_worlds: tuple[WarmWorld, WarmWorld]) -> None:
    """Not even where the other's folder is the one that is asked for."""
    program = two_worlds[0].home.parents[1] / "program.py"
    for world in two_worlds:
        world.warm_up(program)
    for world, other in (two_worlds, two_worlds[::-1]):
        environment = world.environment(XDG_RUNTIME_DIR=str(other.runtime))
        have_uses_noted(other)
        before = list_tree(other.runtime)
        for _ in range(3):
            world.log.unlink(missing_ok=True)
            warm = world.ask_for_warm(program, env=environment)
            assert warm == world.start_plain(program, env=environment)
            assert not world.is_log_warm
        assert list_tree(other.runtime) == before
    two_worlds[1].stop_hosts()


def test_a_host_hears_nobody_else(two_worlds: tuple[WarmWorld, WarmWorld]) -> None:
    """Even if its folder lets them in."""
    root, stranger = two_worlds
    program = root.home.parents[1] / "program.py"
    root.warm_up(program)
    [door] = root.folder.glob("*.sock")
    before = root.find_host()
    for path in (root.runtime, root.folder, door):
        path.chmod(0o777)
    for kind in ("I", "E", "Q"):
        command = [*stranger.prefix, stranger.plain_python, "-c", ASK, door.name, kind]
        done = subprocess.run(
            command, cwd=root.folder, env=stranger.environment(), capture_output=True, check=False
        )
        assert (done.stdout, done.stderr) == (b"b''\n", b"")
    for path in (root.folder, root.runtime):
        path.chmod(0o700)
    assert root.find_host() == before


def test_who_listens_at_the_socket_must_be_the_same_user(two_worlds: tuple[WarmWorld, WarmWorld]) -> None:
    root, stranger = two_worlds
    program = root.home.parents[1] / "program.py"
    command = [*stranger.prefix, stranger.plain_python, "-c", LISTENER]
    assert_nothing_is_sent_to(command, stranger.work / "socket", root, program)


@pytest.mark.parametrize("others", ["--groups=4711", "--regid=4711 --keep-groups"])
def test_who_listens_at_the_socket_must_have_the_same_groups(program: WarmWorld, others: str) -> None:
    need_root()
    need(shutil.which("setpriv"), "setpriv, of util-linux")
    program.prefix = ("setpriv", "--clear-groups")
    command = ["setpriv", *others.split(), program.plain_python, "-c", LISTENER]
    assert_nothing_is_sent_to(command, program.work / "socket", program, "program.py")


def assert_nothing_is_sent_to(
    command: list[Argument], place: Path, root: WarmWorld, program: Argument
) -> None:
    """The process of *command*, which listens at *place*, comes to be in the place of the host."""
    root.warm_up(program)
    [name] = [path.name for path in root.folder.glob("*.sock")]
    root.stop_hosts()
    with subprocess.Popen([*command, place], env=root.environment(), stdout=subprocess.PIPE) as listener:
        try:
            assert listener.stdout
            assert listener.stdout.readline() == b"listening\n"
            place.rename(root.folder / name)
            root.log.unlink()
            assert root.ask_for_warm(program) == root.start_plain(program)
            assert root.last_outcome != "warm"
        finally:
            listener.kill()
            told = listener.stdout.read() if listener.stdout else b""
    assert told in (b"", b"got 0\n")


def capture_request(world: WarmWorld) -> bytes:
    """What the launcher sends to the one host, of a start that needs three descriptors."""
    [name] = world.folder.glob("*.sock")
    away = name.with_suffix(".away")
    name.rename(away)
    with socket.socket(socket.AF_UNIX) as listener:
        folder = os.open(world.folder, os.O_PATH)
        listener.bind(f"/proc/self/fd/{folder}/{name.name}")
        os.close(folder)
        listener.listen()
        with world.begin("warm", "program.py", stdout=subprocess.DEVNULL):
            with listener.accept()[0] as connection:
                content, rights, _, _ = socket.recv_fds(connection, 1 << 20, 10)
            for descriptor in rights:
                os.close(descriptor)
    assert int.from_bytes(content[:4], "little") == len(content) - 4
    away.rename(name)
    return content


@pytest.mark.parametrize(
    ("others", "answer"),
    [
        ("--keep-groups", b"S"),
        ("--clear-groups", b"S"),
        ("--groups=4711", b"R"),
        ("--regid=4711 --keep-groups", b"R"),
    ],
)
def test_what_a_caller_says_of_its_groups_is_not_believed(
    program: WarmWorld, others: str, answer: bytes
) -> None:
    """It could have those of a host that has more."""
    need_root()
    need(shutil.which("setpriv"), "setpriv, of util-linux")
    program.prefix = ("setpriv", "--clear-groups")
    program.warm_up("program.py")
    request = program.write("request", "")
    request.write_bytes(capture_request(program))
    [name] = program.folder.glob("*.sock")
    command = ["setpriv", *others.split(), program.plain_python, "-c", REPLAY, name.name, request]
    if others == "--keep-groups":
        command = ["setpriv", "--clear-groups", *command[2:]]
    done = subprocess.run(command, cwd=program.folder, capture_output=True, check=True)
    assert done.stdout == answer


def test_with_capabilities_that_its_user_has_not_a_start_is_cold(
    two_worlds: tuple[WarmWorld, WarmWorld],
) -> None:
    """Any other process of that user could have its host do something."""
    root, stranger = two_worlds
    program = root.home.parents[1] / "program.py"
    plain_prefix = stranger.prefix
    stranger.warm_up(program)
    stranger.log.unlink()
    rights = ("--inh-caps=+chown", "--ambient-caps=+chown")
    stranger.prefix = (*plain_prefix, *rights)
    for _ in range(4):
        assert stranger.ask_for_warm(program) == stranger.start_plain(program)
        assert stranger.last_outcome not in ("warm", None)
    [cold] = stranger.folder.glob("*.cold")
    assert [line.split()[1] for line in cold.read_text().splitlines()[-4:]] == ["capabilities"] * 4
    stranger.stop_hosts()


def test_with_rights_of_another_a_start_is_cold(program: WarmWorld) -> None:
    need_root()
    program.warm_up("program.py")
    program.log.unlink()
    for call in (
        f"setresuid({STRANGER}, 0, 0)",
        f"setresgid({STRANGER}, 0, 0)",
        f"setresgid(0, {STRANGER}, 0)",
    ):
        code = f"import os, sys; os.{call}; os.execv(sys.argv[1], sys.argv[1:])"
        program.prefix = (program.plain_python, "-c", code)
        for _ in range(4):
            assert program.ask_for_warm("program.py") == program.start_plain("program.py")
    assert not program.is_log_warm
    program.prefix = ()
    wait_for(lambda: len(program.list_hosts()) == 1, "one host alone")
