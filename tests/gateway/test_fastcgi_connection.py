"""Each thing that a front can send over a FastCGI connection has a defined answer, over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.wire import fetch_fastcgi, fetch_scgi, serve_wire

if TYPE_CHECKING:
    from pathlib import Path


def test_a_request_is_answered_with_its_body(tmp_path: Path) -> None:
    with serve_wire(tmp_path) as wire:
        for address in (wire.fastcgi, wire.fastcgi_tcp):
            answer = fetch_fastcgi(address, body=b"hello" * 100_000)
            assert (answer.status, answer.body, answer.app_status) == (200, b"hello" * 100_000, 0)
        for address in (wire.scgi, wire.scgi_tcp):
            answer = fetch_scgi(address, body=b"hello" * 100_000)
            assert (answer.status, answer.body) == (200, b"hello" * 100_000)
        assert wire.problems == []
