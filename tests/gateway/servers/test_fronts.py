"""Every web server of the documentation, set up as it says, brings requests to scripts, and back."""

from __future__ import annotations

import hashlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from warm.parity.remains import wait_for

from .client import Client, ask_on
from .fronts import FRONTS, name_front
from .served import place_script

if TYPE_CHECKING:
    from .fronts import Front
    from .served import Gateway

PYTHON = Path(sys.executable)
#: all that a path may have, a question mark and a number sign as `%`
ODD_PATH = "/a%20b/%C3%A9/%2B+;=&'%22%3C%3E/..x/%25/%3F%23"
ODD_INFO = "/a b/\u00e9/++;=&'\"<>/..x/%/?#"
ODD_QUERY = "a=%20b&c=%C3%A9&d=+&e&f=%26"
#: fronts that read a whole body before they pass it on, and then say how long it is
MEASURING = [one for one in FRONTS if one.name in {"nginx", "apache", "apache-tcp", "lighttpd"}]
NOT_MEASURING = [one for one in FRONTS if one not in MEASURING]
#: HAProxy does not say that a client has gone where requests share a connection
TELLING = [front for front in FRONTS if front.name != "haproxy"]
#: the others see that a client has gone when they write to it
TELLING_AT_ONCE = [front for front in FRONTS if front.name == "nginx"]


def test_a_script_gets_what_rfc_3875_asks_for(client: Client, gateway: Gateway, front: Front) -> None:
    shown = client.get("/cgi-bin/show.py", Accept="x/y").shown
    name = "www.example.org" if front.name == "nginx" else "127.0.0.1"
    expected = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "QUERY_STRING": "",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/cgi-bin/show.py",
        "SERVER_NAME": name,
        "SERVER_PORT": str(client.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_ACCEPT": "x/y",
    }
    assert expected.items() <= shown["environment"].items()
    assert shown["environment"].get("PATH_INFO", "") == ""
    assert shown["arguments"] == [str(gateway.scripts / "show.py")]
    assert shown["folder"] == str(gateway.scripts)


def test_path_info_is_whole_and_decoded(client: Client) -> None:
    shown = client.get(f"/cgi-bin/show.py{ODD_PATH}").shown
    assert shown["environment"]["PATH_INFO"] == ODD_INFO
    assert shown["environment"]["SCRIPT_NAME"] == "/cgi-bin/show.py"


def test_a_query_comes_as_it_was_sent(client: Client) -> None:
    shown = client.get(f"/cgi-bin/show.py/info?{ODD_QUERY}").shown
    assert shown["environment"]["QUERY_STRING"] == ODD_QUERY
    assert shown["environment"]["PATH_INFO"] == "/info"
    assert len(shown["arguments"]) == 1


def test_an_indexed_query_comes_as_arguments(client: Client) -> None:
    shown = client.get("/cgi-bin/show.py?one+two%20words+three").shown
    assert shown["arguments"][1:] == ["one", "two words", "three"]
    assert shown["environment"]["QUERY_STRING"] == "one+two%20words+three"


def test_a_form_arrives(client: Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.ask("POST", "/cgi-bin/form.py", b"name=J%C3%B8rn&note=a+b%26&empty=", headers)
    assert (answer.status, answer.text) == (
        200,
        '[["name", "J\\u00f8rn"], ["note", "a b&"], ["empty", ""]]\n',
    )


def test_headers_status_and_cookies_stay_apart_and_in_order(client: Client) -> None:
    answer = client.get("/cgi-bin/head.py")
    assert (answer.status, answer.body) == (201, b"made\n")
    assert answer.list_header("X-Script") == ["head"]
    assert answer.list_header("Content-Type") == ["text/plain; charset=utf-8"]
    assert answer.list_header("Set-Cookie") == [
        "one=1; Path=/",
        "two=2; HttpOnly",
        "three=3, still three; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
    ]


def test_head_has_the_head_alone(client: Client) -> None:
    with client.connect() as connection:
        answer = ask_on(connection, "HEAD", "/cgi-bin/head.py")
        assert (answer.status, answer.body, answer.list_header("X-Script")) == (201, b"", ["head"])
        assert ask_on(connection, "GET", "/cgi-bin/hello.py").body == b"hello\n"


def test_a_redirect_to_another_address_is_the_clients(client: Client) -> None:
    answer = client.get("/cgi-bin/redirect.py?to=http%3A%2F%2Fexample.org%2Fx%3Fy")
    assert (answer.status, answer.list_header("Location")) == (302, ["http://example.org/x?y"])


def test_a_redirect_to_a_path_is_followed_before_the_client_sees_it(client: Client) -> None:
    answer = client.get("/cgi-bin/redirect.py?to=%2Fcgi-bin%2Fhello.py")
    assert (answer.status, answer.body) == (200, b"hello\n")


def test_five_megabytes_are_uploaded(client: Client) -> None:
    body = os.urandom(5 << 20)
    shown = client.ask("POST", "/cgi-bin/show.py", body).shown
    assert (shown["length"], shown["digest"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert shown["environment"]["CONTENT_LENGTH"] == str(len(body))


def test_twenty_megabytes_are_downloaded(client: Client) -> None:
    answer = client.get("/cgi-bin/download.py?megabytes=20")
    assert answer.body == bytes(range(256)) * (20 << 12)


@pytest.mark.parametrize("front", TELLING, ids=name_front, indirect=True)
def test_a_script_whose_client_goes_away_ends(client: Client) -> None:
    assert_ends_without_client(client, "/cgi-bin/talk.py")


@pytest.mark.parametrize("front", TELLING_AT_ONCE, ids=name_front, indirect=True)
def test_a_silent_script_whose_client_goes_away_ends(client: Client) -> None:
    assert_ends_without_client(client, "/cgi-bin/wait.py")


def assert_ends_without_client(client: Client, path: str) -> None:
    with client.connect() as connection:
        connection.request("GET", path)
        process = int(connection.getresponse().readline())
        assert is_there(process)
    wait_for(lambda: not is_there(process), "the end of the script")


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("script", ["broken", "unfinished"])
def test_a_broken_script_is_an_error_page_that_shows_nothing_of_it(client: Client, script: str) -> None:
    with client.connect() as connection:
        answer = ask_on(connection, "GET", f"/cgi-bin/{script}.py")
        assert answer.status == 500
        assert not [
            word for word in ("Traceback", "error log", "nobody", "Error:") if word in answer.text
        ]
        assert ask_on(connection, "GET", "/cgi-bin/hello.py").body == b"hello\n"


def test_a_script_that_is_not_there_is_404(client: Client) -> None:
    assert client.get("/cgi-bin/absent.py").status == 404


@pytest.mark.parametrize("name", ["secret.txt", "hello.py~", ".hidden.py", "hello.py.orig", "folder/"])
def test_what_is_no_script_is_never_sent(client: Client, gateway: Gateway, name: str) -> None:
    if not name.endswith("/"):
        place = gateway.scripts / name
        place.write_text("#!/bin/sh\n# a secret\n")
        place.chmod(0o755)
    answer = client.get(f"/cgi-bin/{name}")
    assert 400 <= answer.status < 500
    assert b"secret" not in answer.body
    assert b"other.py" not in answer.body


def test_a_path_does_not_lead_out_of_the_folder(client: Client, gateway: Gateway) -> None:
    place_script(
        gateway.folder / "outside.py", "print('Content-Type: text/plain\\n\\na secret')\n", PYTHON
    )
    for path in ("../outside.py", "..%2foutside.py", "folder/..%2f..%2foutside.py", "%2e%2e/outside.py"):
        answer = client.get(f"/cgi-bin/{path}")
        assert 400 <= answer.status < 500
        assert b"secret" not in answer.body


def test_a_connection_is_kept_for_many_requests(client: Client) -> None:
    with client.connect() as connection:
        connection.connect()
        before = connection.sock.getsockname()
        for number in range(30):
            answer = ask_on(connection, "GET", f"/cgi-bin/show.py?n={number}")
            assert answer.shown["environment"]["QUERY_STRING"] == f"n={number}"
        assert connection.sock.getsockname() == before


def test_each_script_of_a_folder_answers_for_itself(client: Client) -> None:
    with client.connect() as connection:
        for _ in range(5):
            assert ask_on(connection, "GET", "/cgi-bin/hello.py").body == b"hello\n"
            assert ask_on(connection, "GET", "/cgi-bin/folder/other.py").body == b"other in folder\n"


def test_many_at_once_each_get_their_own(client: Client) -> None:
    def ask(number: int) -> tuple[str, str]:
        body = f"{number} ".encode() * 5000
        shown = client.ask("POST", f"/cgi-bin/show.py?n={number}", body).shown
        return shown["environment"]["QUERY_STRING"], shown["digest"]

    with ThreadPoolExecutor(16) as pool:
        for number, (query, digest) in enumerate(pool.map(ask, range(100))):
            assert query == f"n={number}"
            assert digest == hashlib.sha256(f"{number} ".encode() * 5000).hexdigest()


def test_lines_arrive_one_by_one(client: Client, gateway: Gateway) -> None:
    pipe = gateway.folder / f"pipe-{client.port}"
    os.mkfifo(pipe)
    with client.connect() as connection:
        connection.request("GET", f"/cgi-bin/lines.py?pipe={pipe}")
        response = connection.getresponse()
        assert (response.readline(), response.readline()) == (b"data: ready\n", b"\n")
        with pipe.open("w") as lines:
            for number in range(20):
                print(number, file=lines, flush=True)
                assert (response.readline(), response.readline()) == (b"data: %d\n" % number, b"\n")
        assert response.read() == b""


@pytest.mark.parametrize("front", MEASURING, ids=name_front, indirect=True)
def test_a_body_whose_length_the_client_does_not_say_arrives_whole(client: Client) -> None:
    parts = [f"part {number} ".encode() * 1000 for number in range(50)]
    shown = client.ask("POST", "/cgi-bin/show.py", iter(parts)).shown
    body = b"".join(parts)
    assert shown["environment"]["CONTENT_LENGTH"] == str(len(body))
    assert (shown["length"], shown["digest"]) == (len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("front", NOT_MEASURING, ids=name_front, indirect=True)
def test_or_such_a_body_is_refused(client: Client) -> None:
    assert client.ask("POST", "/cgi-bin/show.py", iter([bytes(9000)] * 5)).status in {400, 411}
