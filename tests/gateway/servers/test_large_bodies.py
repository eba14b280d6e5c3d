"""Large bodies pass in bounded memory, and arrive whole at scripts that use the `cgi` module."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from warm.parity.remains import wait_for

from gateway.wire import ORDINARY, FastCGIClient

from .applications import prepare_applications
from .client import Client
from .fronts import NGINX
from .served import SCRIPTS, Gateway, place_script

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTE = 1 << 20
BLOCK = bytes(range(256)) * 4096
#: what a form is answered with by a script that reads it as many do
FIELDS = """\
import warnings

warnings.simplefilter("ignore", DeprecationWarning)
import cgi
import hashlib
import json

form = cgi.FieldStorage()
fields = {}
for name in form:
    item = form[name]
    if item.filename:
        digest = hashlib.sha256()
        while part := item.file.read(65536):
            digest.update(part)
        fields[name] = [item.filename, item.type, digest.hexdigest()]
    else:
        fields[name] = item.value
print("Content-Type: application/json\\n")
print(json.dumps(fields))
"""
#: so many looks in a row at what does not change: half a second
STILL = 100
BOUNDARY = "a-boundary-that-nothing-has"


@pytest.fixture(scope="module")
def gateway(folder: Path, launcher: Path) -> Iterator[Gateway]:
    python = prepare_applications() / "bin" / "python"
    place_script(folder / "cgi" / "fields.py", FIELDS, python)
    place_script(folder / "cgi" / "download.py", (SCRIPTS / "download.py").read_text(), python)
    with Gateway(folder, folder / "cgi").run(launcher) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[Client]:
    with NGINX.run(gateway.folder, gateway.scripts, gateway.unix) as port:
        yield Client(port)


def read_memory(gateway: Gateway, name: str) -> int:
    """Bytes."""
    assert gateway.process is not None
    lines = Path(f"/proc/{gateway.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def forget_peak(gateway: Gateway) -> None:
    assert gateway.process is not None
    Path(f"/proc/{gateway.process.pid}/clear_refs").write_text("5")


def count_more(gateway: Gateway, before: int) -> int:
    """How much memory the gateway has had since `forget_peak` beyond what it had *before*."""
    return read_memory(gateway, "VmHWM") - before


def make_form(content: bytes) -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nJ\u00f8rn & co\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="upload"; filename="a file.bin"\r\n'
        "Content-Type: application/x-something\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def test_a_form_with_an_upload_of_50_megabytes_is_read_by_field_storage(
    client: Client, gateway: Gateway
) -> None:
    content = os.urandom(50 * MEGABYTE)
    before = read_memory(gateway, "VmRSS")
    forget_peak(gateway)
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    answer = client.ask("POST", "/cgi-bin/fields.py", make_form(content), headers)
    assert answer.status == 200
    digest = hashlib.sha256(content).hexdigest()
    assert json.loads(answer.body) == {
        "note": "J\u00f8rn & co",
        "upload": ["a file.bin", "application/x-something", digest],
    }
    assert count_more(gateway, before) < 30 * MEGABYTE


def test_a_simple_form_is_read_by_field_storage(client: Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.ask("POST", "/cgi-bin/fields.py", b"one=1&two=a+b", headers)
    assert json.loads(answer.body) == {"one": "1", "two": "a b"}
    assert json.loads(client.get("/cgi-bin/fields.py?one=1").body) == {"one": "1"}


def test_200_megabytes_stream_through_in_30_megabytes_at_most(client: Client, gateway: Gateway) -> None:
    before = read_memory(gateway, "VmRSS")
    forget_peak(gateway)
    with client.connect() as connection:
        connection.request("GET", "/cgi-bin/download.py?megabytes=200")
        response = connection.getresponse()
        for number in range(200):
            assert response.read(MEGABYTE) == BLOCK, number
        assert response.read() == b""
    assert count_more(gateway, before) < 30 * MEGABYTE


def test_a_front_that_does_not_read_holds_the_script_and_not_the_memory(gateway: Gateway) -> None:
    before, read = read_memory(gateway, "VmRSS"), count_read(gateway)
    forget_peak(gateway)
    with FastCGIClient(gateway.unix.removeprefix("unix:")) as front:
        front.ask({**ORDINARY, "SCRIPT_NAME": "/download.py", "QUERY_STRING": "megabytes=200"})
        seen = 0
        while seen < MEGABYTE:
            record = front.read_record()
            assert record is not None
            seen += len(record.content)
        assert settle(gateway) - read < 20 * MEGABYTE
    assert count_more(gateway, before) < 30 * MEGABYTE


def settle(gateway: Gateway) -> int:
    """How many bytes the gateway has read since its start, once it reads no more."""
    seen = [-1]

    def is_still() -> bool:
        seen.append(count_read(gateway))
        return len(seen) > STILL and len(set(seen[-STILL:])) == 1

    wait_for(is_still, "still", 60)
    return seen[-1]


def count_read(gateway: Gateway) -> int:
    assert gateway.process is not None
    lines = Path(f"/proc/{gateway.process.pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("rchar:"))
