"""`mainspring hosts` uses a runtime folder that is the user's alone, and leaves what is not a host's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .hosting import Hosts


def test_other_files_are_left_alone(hosts: Hosts) -> None:
    names = ["x.sock", f"{'a' * 32}.sock", f"{'A' * 32}.sock", f"{'b' * 32}.recipe"]
    for name in names:
        (hosts.runtime / name).write_text("")
    assert hosts.list_states() == []
    assert {path.name for path in hosts.runtime.iterdir()} >= set(names)


def test_a_long_path_is_no_hindrance(hosts: Hosts) -> None:
    hosts.let_answer("a")
    long = hosts.home / ("x" * 120)
    hosts.runtime.parent.rename(long)
    status, output, _ = hosts.call("hosts", env={"XDG_RUNTIME_DIR": str(long)})
    assert (status, output.split("\t")[:2]) == (0, ["host", "waiting"])


@pytest.mark.parametrize("mode", [0o750, 0o707, 0o770])
def test_a_folder_that_others_can_enter_is_not_used(hosts: Hosts, mode: int) -> None:
    hosts.let_answer("a")
    hosts.runtime.chmod(mode)
    status, output, errors = hosts.call("hosts")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert f"{hosts.runtime} is not used: " in errors


def test_a_link_to_a_folder_is_not_used(hosts: Hosts) -> None:
    real = hosts.home / "real"
    hosts.runtime.rename(real)
    hosts.runtime.symlink_to(real)
    assert hosts.call("hosts")[0] == 1


def test_a_folder_is_made_for_the_user_alone(hosts: Hosts) -> None:
    hosts.runtime.rmdir()
    assert hosts.call("hosts") == (0, "", "")
    assert hosts.runtime.stat().st_mode & 0o777 == 0o700
    hosts.runtime.rmdir()
    hosts.runtime.parent.rmdir()
    status, _, errors = hosts.call("hosts")
    assert status == 1
    assert (
        f"{hosts.runtime} is not used: there is no folder {hosts.runtime.parent}; set XDG_RUN" in errors
    )
    assert not hosts.runtime.parent.exists()
