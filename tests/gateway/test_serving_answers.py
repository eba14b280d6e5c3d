"""What a script answers comes to the client as RFC 3875 has it, and never otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.ground import HELLO, PLAIN

if TYPE_CHECKING:
    from gateway.ground import Ground

TELLS = (
    PLAIN
    + """\
from os import environ
print(environ['SCRIPT_NAME'], environ.get('PATH_INFO'), environ['QUERY_STRING'])
"""
)


def redirect(location: str) -> str:
    return f"print('Location: {location}\\n')\n"


def test_a_local_redirect_is_answered_by_the_other_script(ground: Ground) -> None:
    ground.write("a.py", redirect("/b.py/more?x=1"))
    ground.write("b.py", TELLS)
    answer = ground.get("a.py", b"a body")
    assert (answer.status, answer.body) == (200, b"/b.py /more x=1\n")


def test_redirects_in_a_circle_come_to_an_end(ground: Ground) -> None:
    ground.write("a.py", redirect("/b.py"))
    ground.write("b.py", redirect("/a.py"))
    assert ground.get("a.py").status == 500
    assert ground.told()[-1]["reason"] == "redirect-loop"


def test_a_redirect_to_what_is_no_script_is_the_clients(ground: Ground) -> None:
    ground.write("a.py", redirect("/picture.png"))
    answer = ground.get("a.py")
    assert (answer.status, answer.headers["location"]) == (302, "/picture.png")


def test_an_absolute_redirect_is_the_clients(ground: Ground) -> None:
    ground.write("a.py", redirect("https://example.org/x?y"))
    answer = ground.get("a.py")
    assert (answer.status, answer.headers["location"]) == (302, "https://example.org/x?y")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_a_status_without_a_body_has_none(ground: Ground, status: str) -> None:
    ground.write("a.py", f"print('Status: {status}\\nContent-Type: text/plain\\n\\nbody')\n")
    answer = ground.get("a.py")
    assert (answer.headers["status"], answer.body) == (status, b"")


def test_head_has_the_head_alone(ground: Ground) -> None:
    ground.write("a.py", HELLO)
    answer = ground.get("a.py", REQUEST_METHOD="HEAD")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"", "text/plain")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no-output"),
        ("print('no head')", "malformed-head"),
        ("print('<html>\\n\\nbody')", "malformed-head"),
        ("print('A: b')", "malformed-head"),
        ("print('A: ' + 'b' * 100_000)", "head-too-large"),
        ("print('Status: 9999\\n\\nsecret')", "malformed-head"),
        ("def", "no-output"),
    ],
)
def test_an_answer_that_is_none_is_not_shown(ground: Ground, text: str, reason: str) -> None:
    ground.write("a.py", text + "\n")
    answer = ground.get("a.py")
    assert (answer.status, answer.body) == (500, b"500 Internal Server Error\n")
    assert ground.told()[-1]["reason"] == reason


def test_an_answer_shorter_than_its_length_is_broken_off(ground: Ground) -> None:
    ground.write("a.py", "print('Content-Length: 100\\n\\nshort')\n")
    assert ground.get("a.py").app_status is None
    assert ground.told()[-1]["reason"] == "cut-short"


def test_several_cookies_stay_apart(ground: Ground) -> None:
    ground.write("a.py", "print('Set-Cookie: a=1\\nSet-Cookie: b=2\\nContent-Type: text/plain\\n\\n')\n")
    assert ground.get("a.py").out.count(b"Set-Cookie: ") == 2


def test_words_of_an_indexed_query_are_arguments(ground: Ground) -> None:
    ground.write("a.py", PLAIN + "import sys\nprint(sys.argv[1:])\n")
    assert ground.get("a.py", QUERY_STRING="one+two%20three").body == b"['one', 'two three']\n"
    assert ground.get("a.py", QUERY_STRING="one=two+three").body == b"[]\n"


def test_a_script_is_in_its_own_folder(ground: Ground) -> None:
    (ground.folder / "cgi" / "sub").mkdir(parents=True)
    ground.write("sub/a.py", PLAIN + "import os, sys\nprint(os.getcwd(), sys.path[0])\n")
    folder = str(ground.folder / "cgi" / "sub")
    assert ground.get("sub/a.py").body.decode().split() == [folder, folder]
