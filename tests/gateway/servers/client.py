"""An HTTP client as it comes with Python; what it got is a value."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PATIENCE = 20.0


@dataclass(frozen=True)
class Answer:
    """All of an answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def list_header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def shown(self) -> dict[str, Any]:
        """What `show.py` has shown."""
        assert self.status == 200, self
        shown: dict[str, Any] = json.loads(self.body)
        return shown


@dataclass(frozen=True)
class Client:
    """Asks the front at *port*."""

    port: int

    @contextmanager
    def connect(self) -> Iterator[http.client.HTTPConnection]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            yield connection
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        with self.connect() as connection:
            return ask_on(connection, method, path, body, headers)


def ask_on(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Ask on a connection that may be used again."""
    with suppress(BrokenPipeError, ConnectionResetError):  # a server may answer before it has all
        connection.request(method, path, body, dict(headers or {}))
    response = connection.getresponse()
    return Answer(response.status, tuple(response.getheaders()), response.read())
