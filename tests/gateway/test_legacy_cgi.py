"""Scripts that use `cgi` and `cgitb` run on a Python that has neither: legacy-cgi brings them back."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security.people import need
from warm.commands.tools import prepare

from gateway.ground import make_ground
from gateway.likeness import Ask, assert_like_plain, say
from mainspring.gateway.bounds import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.ground import Ground

PACKAGE = "legacy-cgi==2.6.4"
NAMES = ("python3.13", "python3.14", "python3.15")
FIELDS = """\
import cgi
import hashlib

form = cgi.FieldStorage()
print("Content-Type: text/plain")
print()
for name in sorted(form):
    for item in form[name] if isinstance(form[name], list) else [form[name]]:
        content = item.file.read() if item.filename else item.value.encode()
        print(name, item.filename, item.type, len(content), hashlib.sha256(content).hexdigest())
print(cgi.parse_header(form.headers["content-type"])[0] if form.headers else None)
"""
TEST = "import cgi\ncgi.test()\n"
FAIL = """\
import cgitb
cgitb.enable()
{head}
def divide(dividend):
    return dividend / 0
divide(1)
"""
HEAD = 'print("Content-Type: text/plain\\n\\nbegun", flush=True)'
#: when it happened, and where in memory
CHANGING = rb"0x[0-9a-f]+|\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}|~?\w{3} \w{3} +\d+ [\d:]+ \d+"
BOUNDARY = "a-boundary-that-nothing-has"
URLENCODED = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
MULTIPART = {"CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}"}


def find_python() -> str | None:
    """An interpreter without a `cgi` of its own."""
    if sys.version_info >= (3, 13):
        return sys.executable
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    places = [
        place for name in NAMES for place in (shutil.which(name), *root.glob(f"versions/*/bin/{name}"))
    ]
    return next((str(place) for place in places if place and has_no_cgi(place)), None)


def has_no_cgi(python: str | Path) -> bool:
    """Whether it is one, and not a stand-in that looks for one."""
    asked = [python, "-c", "import sys, venv; print(sys.version_info >= (3, 13))"]
    return subprocess.run(asked, check=False, capture_output=True).stdout == b"True\n"


def install(folder: Path) -> None:
    pip = [folder / "bin/pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", PACKAGE], check=True)


@pytest.fixture(scope="module")
def python() -> Path:
    """An interpreter with legacy-cgi."""
    found = find_python()
    need(found, "a Python of 3.13 or newer")
    assert found is not None
    return prepare("legacy-cgi", f"{PACKAGE}\n{found}\n", install, found) / "bin" / "python"


@pytest.fixture(params=[0, 100], ids=["once", "reuse"])
def ground(
    tmp_path: Path, python: Path, launcher: Path, request: pytest.FixtureRequest
) -> Iterator[Ground]:
    with make_ground(tmp_path, python, launcher, Bounds(reuse=request.param)) as made:
        yield made


def make_form(content: bytes) -> bytes:
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nJ\u00f8rn & co\r\n'
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="upload"; filename="a file.bin"\r\n'
        "Content-Type: application/x-something\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def test_forms_and_uploads_are_read_by_field_storage(ground: Ground) -> None:
    ground.write("fields.py", FIELDS)
    upload = Ask("fields.py", make_form(bytes(range(256)) * 5000), MULTIPART)
    assert_like_plain(
        ground,
        Ask("fields.py", params={"QUERY_STRING": "one=1&two=a+b&two=%C3%A9"}),
        Ask("fields.py", b"one=1&two=a+b&two=%C3%A9&more=" + b"x" * 2_000_000, URLENCODED),
        upload,
    )
    assert b"upload a file.bin application/x-something 1280000 " in say(ground, upload)[1].body


def test_what_cgi_shows_of_a_request_is_as_without_a_gateway(ground: Ground) -> None:
    ground.write("test.py", TEST)
    assert_like_plain(ground, Ask("test.py", b"one=1", URLENCODED, CHANGING))


@pytest.mark.parametrize("head", ["", HEAD], ids=["before the head", "in the body"])
def test_a_failure_that_cgitb_shows_is_shown(ground: Ground, head: str) -> None:
    ground.write("fail.py", FAIL.format(head=head))
    ask = Ask("fail.py", changing=CHANGING)
    assert_like_plain(ground, ask)
    assert b"ZeroDivisionError" in say(ground, ask)[1].body
