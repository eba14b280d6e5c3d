"""Why hosts ended is read from their own log, which is another's file: nothing in it stops the status."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from mainspring.gateway.hostends import MOST_ENDS, explain_end, list_host_ends
from mainspring.reasons import HOST_ENDS

if TYPE_CHECKING:
    from pathlib import Path


def test_hosts_ends_are_read_from_their_log(tmp_path: Path) -> None:
    scripts = {"/srv/a b.py", "/srv/c.py"}
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    log = tmp_path / "mainspring" / "hosts.log"
    assert list_host_ends(environment, 0, scripts) == []
    log.parent.mkdir()
    lines = [
        "2026-01-02 03:04:05 12 up 3 modules /srv/c.py",
        "2026-01-02 03:04:06 12 ended stale /lib/x.py after 3 starts /srv/a b.py",
        "2026-01-02 03:04:07 12 ended idle after 1 starts /srv/other.py",
        "2026-01-02 03:04:08 12 failed OSError: no /srv/c.py",
        "nonsense",
        "2026-99-02 03:04:08 12 ended idle /srv/c.py",
    ]
    log.write_text("\n".join(lines) + "\n")
    failed, stale = list_host_ends(environment, 0, scripts)
    assert stale[1:] == ("/srv/a b.py", "stale /lib/x.py after 3 starts")
    assert failed[1:] == ("/srv/c.py", "failed: OSError: no")
    assert failed.moment - stale.moment == 2
    assert list_host_ends(environment, failed.moment, scripts) == [failed]
    assert explain_end(stale.reason) == f"{stale.reason}: {HOST_ENDS['stale'].meaning}"
    log.write_text((lines[1] + "\n") * 5000)
    assert len(list_host_ends(environment, 0, scripts)) == MOST_ENDS


@pytest.mark.parametrize("kind", ["fifo", "folder", "link", "no home"])
def test_a_log_of_hosts_that_is_none_is_left_alone(tmp_path: Path, kind: str) -> None:
    environment = {} if kind == "no home" else {"XDG_STATE_HOME": str(tmp_path)}
    log = tmp_path / "mainspring" / "hosts.log"
    log.parent.mkdir()
    makers = {"fifo": os.mkfifo, "folder": os.mkdir, "link": lambda path: os.symlink("/etc/passwd", path)}
    makers.get(kind, str)(log)
    assert list_host_ends(environment, 0, {"/"}) == []
