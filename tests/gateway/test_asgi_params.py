"""What ASGI tells of a request becomes meta-variables of RFC 3875, and nothing passes for another."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from mainspring.gateway.asgi_params import make_params
from mainspring.gateway.target import put_target


def scope(**changes: Any) -> dict[str, Any]:
    """What a server tells of a plain request."""
    plain = {
        "type": "http",
        "method": "GET",
        "http_version": "1.1",
        "path": "/a.py",
        "raw_path": b"/a.py",
        "query_string": b"",
        "headers": [(b"host", b"example.org")],
        "server": ("127.0.0.1", 8000),
        "client": ("192.0.2.7", 4711),
        "scheme": "http",
        "root_path": "",
    }
    return plain | changes


def test_a_plain_request_has_what_rfc_3875_wants() -> None:
    assert make_params(scope()) == {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/a.py",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a.py",
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "example.org",
        "SERVER_PORT": "8000",
        "REQUEST_SCHEME": "http",
        "REMOTE_ADDR": "192.0.2.7",
        "REMOTE_PORT": "4711",
        "HTTP_HOST": "example.org",
    }


@pytest.mark.parametrize(
    ("raw", "path", "uri"),
    [
        (b"/a%20b", "/a b", "/a%20b"),
        (b"/a%2520b", "/a%20b", "/a%2520b"),  # once
        (b"/a+b", "/a+b", "/a+b"),
        (b"/%ff%c3%a9", "/\udcff\u00e9", "/%ff%c3%a9"),
        (b"/%00%0a", "/\0\n", "/%00%0a"),  # the site refuses these
        (b"/a/../b", "/a/../b", "/a/../b"),
        (b"http://example.org/a%20b", "/a b", "http://example.org/a%20b"),
        (b"http://example.org", "/", "http://example.org"),
        (b"*", "*", "*"),
    ],
)
def test_a_path_is_decoded_once(raw: bytes, path: str, uri: str) -> None:
    params = make_params(scope(raw_path=raw))
    assert (params["PATH_INFO"], params["REQUEST_URI"]) == (path, uri)


def test_a_server_that_keeps_no_raw_path_is_understood() -> None:
    params = make_params(scope(raw_path=None, path="/a b\u00e9"))
    assert (params["PATH_INFO"], params["REQUEST_URI"]) == ("/a b\u00e9", "/a%20b%C3%A9")


def test_a_query_is_left_as_it_is() -> None:
    params = make_params(scope(query_string=b"a=%41+b&\xff"))
    assert params["QUERY_STRING"] == "a=%41+b&\udcff"
    assert params["REQUEST_URI"] == "/a.py?a=%41+b&\udcff"


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (b"example.org:99", "example.org"),
        (b"[2001:db8::1]:99", "[2001:db8::1]"),
        (b"192.0.2.1", "192.0.2.1"),
        (b"", "127.0.0.1"),
        (b"a b", "127.0.0.1"),
        (b'a"><script>', "127.0.0.1"),
        (b"user@example.org", "127.0.0.1"),
    ],
)
def test_the_servers_name_is_that_of_host_if_that_is_one(host: bytes, name: str) -> None:
    params = make_params(scope(headers=[(b"host", host)]))
    assert (params["SERVER_NAME"], params["SERVER_PORT"]) == (name, "8000")


@pytest.mark.parametrize(("scheme", "port"), [("http", "80"), ("https", "443")])
def test_a_unix_socket_has_the_port_of_its_scheme(scheme: str, port: str) -> None:
    params = make_params(scope(server=("/run/s", None), client=None, scheme=scheme, headers=[]))
    assert (params["SERVER_NAME"], params["SERVER_PORT"]) == ("localhost", port)
    assert params["REMOTE_ADDR"] == ""
    assert params.get("HTTPS") == ("on" if scheme == "https" else None)


@pytest.mark.parametrize(("version", "protocol"), [("1.0", "HTTP/1.0"), ("2", "HTTP/2.0")])
def test_the_protocol_is_named_as_scripts_know_it(version: str, protocol: str) -> None:
    assert make_params(scope(http_version=version))["SERVER_PROTOCOL"] == protocol


def test_headers_become_variables() -> None:
    headers = [
        (b"Content-Type", b"text/plain"),
        (b"content-length", b"5"),
        (b"content-length", b"6"),
        (b"X-A", b"1"),
        (b"x-a", b"2"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x_a", b"3"),
        (b"x a", b"4"),
        (b"", b"5"),
        (b"x-\xff", b"6"),
    ]
    params = make_params(scope(headers=headers))
    found = {name: value for name, value in params.items() if name.startswith(("HTTP_", "CONTENT_"))}
    assert found == {
        "CONTENT_TYPE": "text/plain",
        "CONTENT_LENGTH": "5",
        "HTTP_X_A": "1, 2",
        "HTTP_COOKIE": "a=1; b=2",
    }


@pytest.mark.parametrize("raw", [b"/app/x/y", b"/x/y"])
def test_a_mount_is_no_part_of_the_path(raw: bytes) -> None:
    params = make_params(scope(root_path="/app/", raw_path=raw))
    assert (params["SCRIPT_NAME"], params["PATH_INFO"]) == ("/app", "/x/y")


def test_a_mounted_folder_is_found_by_file() -> None:
    params = {"SCRIPT_NAME": "/app", "PATH_INFO": "/x.py/y", "REQUEST_URI": "/app/x.py/y"}
    put_target(params, "/srv/cgi")
    assert params == {
        "SCRIPT_FILENAME": "/srv/cgi/x.py/y",
        "SCRIPT_NAME": "/app/x.py/y",
        "REQUEST_URI": "/app/x.py/y",
    }


def test_a_mounted_script_is_found_whatever_the_path() -> None:
    params = {"SCRIPT_NAME": "/app", "PATH_INFO": "/y"}
    put_target(params, None)
    assert params == {"SCRIPT_NAME": "/app", "PATH_INFO": "/y"}


def test_an_encoded_slash_is_left_to_the_site() -> None:
    params = {"SCRIPT_NAME": "", "PATH_INFO": "/a/b", "REQUEST_URI": "/a%2Fb?c=%2f"}
    put_target(params, "/srv/cgi")
    assert params == {"REQUEST_URI": "/a%2Fb?c=%2f"}


@law(100)
@given(st.binary(), st.binary(), st.lists(st.tuples(st.binary(), st.binary())))
def test_no_request_fails(raw: bytes, query: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    params = make_params(scope(raw_path=raw, query_string=query, headers=headers))
    own = {"CONTENT_TYPE", "CONTENT_LENGTH"} | make_params(scope(headers=[])).keys()
    assert all(name in own or name.startswith("HTTP_") for name in params)


@pytest.mark.parametrize("raw", [b"/a.py/http://example.org/x", b"/secret_x://h/a.py"])
def test_what_looks_like_a_server_within_a_path_is_a_part_of_it(raw: bytes) -> None:
    assert make_params(scope(raw_path=raw))["PATH_INFO"] == raw.decode()


def test_a_length_beside_a_transfer_encoding_is_none() -> None:
    """RFC 9112, 6.3: the body was read without it, and is of another length."""
    headers = [(b"content-length", b"3"), (b"transfer-encoding", b"chunked")]
    assert "CONTENT_LENGTH" not in make_params(scope(headers=headers))
