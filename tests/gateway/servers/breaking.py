"""An answer that breaks off while a client reads it."""

from __future__ import annotations

import os
from http.client import IncompleteRead
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .client import Client

#: what the script is asked for: much and little, with and without a Content-Length
BROKEN = ("size=10", "size=300000")
BROKEN_OF_LENGTH = ("size=10&length=1", "size=300000&length=1")


def assert_broken(client: Client, folder: Path, query: str) -> None:
    """What has come stays; the rest never comes, and the front goes on."""
    pipe = folder / "to-kill"
    os.mkfifo(pipe)
    with client.connect() as connection:
        connection.request("GET", f"/cgi-bin/killed.py?{query}&pipe={pipe}")
        answer = connection.getresponse()
        assert answer.read(10) == 10 * b"x"
        pipe.open("w").close()
        with pytest.raises(IncompleteRead):
            answer.read()
    pipe.unlink()
    assert client.get("/cgi-bin/hello.py").body == b"hello\n"
