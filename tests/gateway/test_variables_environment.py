"""A script's environment is what RFC 3875 says, and nothing in it lets a client steer Python."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from mainspring.gateway import variables
from mainspring.gateway.refusals import Refusal
from mainspring.gateway.site import Target
from mainspring.gateway.variables import BASE, Passage, choose_base, make_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.call import Call

TARGET = Target("/srv/cgi/x.py", "/x.py", "", "", "/srv/cgi", "/srv/cgi", None, ())
WITH_INFO = TARGET._replace(path_info="/a b/é")
#: what nginx, Apache, lighttpd, HAProxy and Caddy were seen to send
ORDINARY = {
    "AUTH_TYPE": "Basic",
    "CONTENT_LENGTH": "5",
    "CONTENT_TYPE": "text/plain",
    "CONTEXT_DOCUMENT_ROOT": "/srv/cgi/",
    "CONTEXT_PREFIX": "/cgi-bin/",
    "DOCUMENT_ROOT": "/srv/www",
    "DOCUMENT_URI": "/x.py",
    "HTTPS": "on",
    "HTTP_CONNECTION": "close",
    "HTTP_COOKIE": "a=b; c=d",
    "HTTP_HOST": "www.example.org:8443",
    "HTTP_USER_AGENT": "client/1",
    "HTTP_X_FORWARDED_FOR": "192.0.2.7",
    "QUERY_STRING": "a=b",
    "REDIRECT_STATUS": "200",
    "REDIRECT_URI": "/x.py",
    "REMOTE_ADDR": "192.0.2.7",
    "REMOTE_HOST": "client.example",
    "REMOTE_IDENT": "me",
    "REMOTE_PORT": "54321",
    "REMOTE_USER": "alice",
    "REQUEST_METHOD": "POST",
    "REQUEST_SCHEME": "https",
    "REQUEST_URI": "/x.py?a=b",
    "SCRIPT_FILENAME": "/srv/cgi/x.py",
    "SCRIPT_NAME": "/x.py",
    "SERVER_ADDR": "192.0.2.1",
    "SERVER_ADMIN": "root@example.org",
    "SERVER_NAME": "www.example.org",
    "SERVER_PORT": "8443",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_SIGNATURE": "",
    "SERVER_SOFTWARE": "nginx/1.22.1",
    "SSL_CLIENT_S_DN": "CN=alice",
    "SSL_PROTOCOL": "TLSv1.3",
    "UNIQUE_ID": "Zz",
}


def call(
    params: Mapping[str, str],
    target: Target = TARGET,
    base: Mapping[str, str] | None = None,
    passage: Passage | None = None,
) -> Call:
    return make_call({"REQUEST_METHOD": "GET", **params}, target, base or {}, passage or Passage())


def test_what_fronts_send_is_passed_on() -> None:
    assert call(ORDINARY).environment == {**ORDINARY, "GATEWAY_INTERFACE": "CGI/1.1"}


def test_what_must_be_there_is_there_without_a_word_of_the_front_s() -> None:
    assert call({}).environment == {
        "DOCUMENT_ROOT": "/srv/cgi",
        "GATEWAY_INTERFACE": "CGI/1.1",
        "QUERY_STRING": "",
        "REMOTE_ADDR": "",
        "REQUEST_METHOD": "GET",
        "SCRIPT_FILENAME": "/srv/cgi/x.py",
        "SCRIPT_NAME": "/x.py",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.0",
        "SERVER_SOFTWARE": "Mainspring",
    }


def test_where_the_script_is_says_the_site_and_not_the_front() -> None:
    lies = {
        "GATEWAY_INTERFACE": "CGI/9",
        "SCRIPT_NAME": "/lie",
        "SCRIPT_FILENAME": "/etc/passwd",
        "PATH_INFO": "/lie",
        "PATH_TRANSLATED": "/etc/passwd",
    }
    environment = call(lies, WITH_INFO).environment
    assert environment["GATEWAY_INTERFACE"] == "CGI/1.1"
    assert environment["SCRIPT_NAME"] == "/x.py"
    assert environment["SCRIPT_FILENAME"] == "/srv/cgi/x.py"
    assert environment["PATH_INFO"] == "/a b/é"
    assert environment["PATH_TRANSLATED"] == "/srv/cgi/a b/é"


def test_path_info_is_there_if_there_is_one_or_the_front_always_sets_it() -> None:
    assert "PATH_INFO" not in call({}).environment
    environment = call({"PATH_INFO": "", "PATH_TRANSLATED": "/srv"}).environment
    assert environment["PATH_INFO"] == ""
    assert "PATH_TRANSLATED" not in environment


def test_path_translated_is_below_the_root() -> None:
    target = WITH_INFO._replace(root="/")
    assert call({}, target).environment["PATH_TRANSLATED"] == "/a b/é"


@pytest.mark.parametrize("name", ["AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "HTTPS", "REMOTE_HOST"])
@pytest.mark.parametrize("user", ["REMOTE_IDENT", "REMOTE_USER"])
def test_what_is_empty_is_not_there(name: str, user: str) -> None:
    """As some fronts send them; a script takes a REMOTE_USER for somebody."""
    assert not {name, user} & set(call({name: "", user: ""}).environment)


def test_an_empty_header_stays() -> None:
    assert call({"HTTP_ACCEPT": ""}).environment["HTTP_ACCEPT"] == ""


@pytest.mark.parametrize(
    "value", ["x", "-1", "+1", "1.5", " 1", "1 ", "1,1", "0x1", "٣", "²", "9" * 19, "1\n"]
)
def test_a_content_length_that_is_no_number_is_a_bad_request(value: str) -> None:
    with pytest.raises(Refusal) as caught:
        call({"CONTENT_LENGTH": value})
    assert caught.value.word == "bad-request"


@pytest.mark.parametrize("value", ["0", "5", "007", "9" * 18])
def test_a_content_length_is_passed_on_as_it_is(value: str) -> None:
    assert call({"CONTENT_LENGTH": value}).environment["CONTENT_LENGTH"] == value


@pytest.mark.parametrize("method", ["", "G ET", "GET\n", "GÉT", "GET/1", "a:b"])
def test_a_method_that_is_no_word_is_a_bad_request(method: str) -> None:
    with pytest.raises(Refusal) as caught:
        call({"REQUEST_METHOD": method})
    assert caught.value.word == "bad-request"


def test_no_script_is_asked_to_be_a_tunnel() -> None:
    with pytest.raises(Refusal) as caught:
        call({"REQUEST_METHOD": "CONNECT"})
    assert caught.value.word == "method"


@pytest.mark.parametrize("method", ["GET", "POST", "PROPFIND", "get", "M-SEARCH", "X_Y"])
def test_a_method_is_passed_on_as_it_is(method: str) -> None:
    assert call({"REQUEST_METHOD": method}).environment["REQUEST_METHOD"] == method


def test_the_query_is_taken_from_request_uri_if_nothing_else_has_it() -> None:
    assert call({"REQUEST_URI": "/x.py?a=b?c"}).environment["QUERY_STRING"] == "a=b?c"
    assert call({"REQUEST_URI": "/x.py?a=b", "QUERY_STRING": ""}).environment["QUERY_STRING"] == ""


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("www.example.org", "www.example.org"),
        ("www.example.org:8080", "www.example.org"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("[2001:db8::1]:80", "[2001:db8::1]"),
        ("evil/path", "localhost"),
        ("a b", "localhost"),
        ("a\n", "localhost"),
        ("", "localhost"),
    ],
)
def test_a_front_without_a_name_is_called_what_the_client_calls_it(host: str, name: str) -> None:
    for params in ({"SERVER_NAME": ""}, {}):
        assert call({"HTTP_HOST": host, **params}).environment["SERVER_NAME"] == name
    assert call({"HTTP_HOST": host, "SERVER_NAME": "own"}).environment["SERVER_NAME"] == "own"


STEERING = [
    "PATH", "IFS", "HOME", "ENV", "SHELL", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME", "TERM",
    "LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT",
    "PYTHONWARNINGS", "BASH_ENV", "BASH_FUNC_x", "MAINSPRING", "MAINSPRING_CACHE_DIR",
    "MAINSPRING_PYTHON",
    "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "GCONV_PATH", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "OPENSSL_CONF", "HOSTALIASES", "RES_OPTIONS",
]  # fmt: skip
HEADERS = [
    "HTTP_PROXY", "HTTP_PROXY_AUTHORIZATION", "HTTP_PROXY_CONNECTION", "HTTP_CONTENT_LENGTH",
    "HTTP_CONTENT_TYPE", "HTTP_AUTHORIZATION", "HTTP_TRANSFER_ENCODING", "REDIRECT_HTTP_AUTHORIZATION",
]  # fmt: skip
MALFORMED = [
    "http_host", "HTTP_X-Y", "HTTP_x", "HTTP_", "HTTP__", "HTTP_X Y", "HTTP_X=Y", "HTTP_X\n", "HTTP_É",
    "HTTP_X.Y", "HTTP_X\0", "HTTP_X()", "SSL_CLIENT_x", "SSL_CLIENT_A-B", "", "=", "proxy-nokeepalive",
    "Http_Host", "HTTP",
]  # fmt: skip
UNKNOWN = [
    "SCGI",
    "FCGI_ROLE",
    "QUERY",
    "REDIRECT_PATH",
    "REDIRECT_LD_PRELOAD",
    "SERVER",
    "X",
    "NOTIFY_SOCKET",
]


@pytest.mark.parametrize("name", [*STEERING, *HEADERS, *MALFORMED, *UNKNOWN])
def test_nothing_else_of_the_front_s_is_passed_on(name: str) -> None:
    assert call({name: "evil"}).environment == call({}).environment


@pytest.mark.parametrize(
    "name", ["HTTP_X", "HTTP_X_Y", "HTTP_1", "HTTP_PROXYING", "HTTP_X__Y", "HTTP_X_"]
)
def test_a_header_is_passed_on(name: str) -> None:
    assert call({name: "v"}).environment[name] == "v"


def test_authorization_is_passed_on_if_that_is_asked_for() -> None:
    secret = {"HTTP_AUTHORIZATION": "Basic YTpi", "REDIRECT_HTTP_AUTHORIZATION": "Basic YTpi"}
    environment = call(secret, passage=Passage(authorization=True)).environment
    assert environment.items() >= secret.items()


def test_the_operator_names_what_else_is_passed_on() -> None:
    passage = Passage(names=frozenset({"GEOIP_COUNTRY", "X"}))
    environment = call({"GEOIP_COUNTRY": "DE", "GEOIP_CITY": "K"}, passage=passage).environment
    assert environment["GEOIP_COUNTRY"] == "DE"
    assert not {"GEOIP_CITY", "X"} & set(environment)


@pytest.mark.parametrize("name", [*STEERING, "HTTP_PROXY", "lower", "A-B", "", "1A", "A=B", "A\n"])
def test_not_even_the_operator_lets_a_front_steer(name: str) -> None:
    with pytest.raises(ValueError, match="no name that a front may set"):
        Passage(names=frozenset({name}))


def test_the_base_is_the_gateway_s_own() -> None:
    own = {
        name: f"own {name}" for name in (*BASE, "LC_ALL", "LC_TIME", "MAINSPRING", "MAINSPRING_PYTHON")
    }
    other = {"LD_PRELOAD": "x", "PYTHONPATH": "x", "SECRET": "x", "NOTIFY_SOCKET": "x", "LISTEN_FDS": "1"}
    assert choose_base(own | other, {}) == own
    assert choose_base({}, {}) == {"PATH": os.defpath}
    named = {"PATH": "/named", "PYTHONPATH": "/lib", "A": "b"}
    assert choose_base(own, named) == own | named


def test_what_the_operator_sets_holds() -> None:
    """Against the front, and against what would be there."""
    base = choose_base({"PATH": "/bin"}, {"HTTPS": "on", "SERVER_NAME": "example.org"})
    environment = call({"PATH": "/evil", "HTTPS": "off", "SERVER_NAME": "front"}, base=base).environment
    assert (environment["PATH"], environment["HTTPS"]) == ("/bin", "on")
    assert environment["SERVER_NAME"] == "example.org"


@pytest.mark.parametrize("name", ["HTTP_X", "QUERY_STRING", "REMOTE_USER", "REQUEST_URI", "CONTENT_TYPE"])
def test_a_nul_is_a_bad_request(name: str) -> None:
    with pytest.raises(Refusal) as caught:
        call({name: "a\0b"})
    assert caught.value.word == "bad-request"


def test_script_folder_and_interpreter_are_the_target_s() -> None:
    made = call({}, TARGET._replace(python="/opt/python3", options=("-I",)))
    assert (made.script, made.folder) == ("/srv/cgi/x.py", "/srv/cgi")
    assert (made.python, made.options) == ("/opt/python3", ("-I",))
    assert call({}, TARGET._replace(script="/x.py")).folder == "/"


NAMES = st.one_of(
    st.sampled_from([*ORDINARY, *STEERING, *HEADERS, *MALFORMED, *UNKNOWN]),
    st.text(max_size=12),
    st.text("ABHTP_-01", max_size=8).map("HTTP_".__add__),
    st.sampled_from(["SSL_CLIENT_", "SSL_SERVER_", "LD_", "PYTHON", "REDIRECT_"]).flatmap(
        lambda start: st.text("ABC_", max_size=4).map(start.__add__)
    ),
)
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
FRONTS = st.dictionaries(NAMES, VALUES, max_size=12).map(
    lambda params: (
        {name: value for name, value in params.items() if name != "CONTENT_LENGTH"}
        | {"REQUEST_METHOD": "GET"}
    )
)


@law(300)
@given(FRONTS)
def test_no_front_sets_what_is_not_its_to_set(params: dict[str, str]) -> None:
    base = {"PATH": "/bin", "HOME": "/home/www", "MAINSPRING_CACHE_DIR": "/var/cache"}
    environment = make_call(params, WITH_INFO, base, Passage()).environment
    ours = dict(environment)
    for name, value in base.items():
        assert ours.pop(name) == value
    for name in ours:
        assert not name.startswith(("LD_", "PYTHON", "MAINSPRING", "BASH", "XDG_", "LC_"))
        assert name not in {"PATH", "HOME", "IFS", "HTTP_PROXY", "HTTP_AUTHORIZATION", "SSL_CERT_FILE"}
        assert name.isascii()
        assert name.replace("_", "A").isalnum()
        assert name == name.upper()


SHOW = "import os, sys; sys.stdout.buffer.write(b'\\0'.join(sorted(os.environb)))"


@law(20)
@given(FRONTS)
def test_a_process_gets_the_environment_as_it_is(params: dict[str, str]) -> None:
    environment = make_call(params, TARGET, {"PATH": "/bin"}, Passage()).environment
    output = subprocess.run(
        [sys.executable, "-ISc", SHOW], env=dict(environment), stdout=subprocess.PIPE, check=True
    ).stdout
    assert set(output.decode().split("\0")) - {"LC_CTYPE"} == set(environment)


RFC_3875 = (
    "AUTH_TYPE CONTENT_LENGTH CONTENT_TYPE GATEWAY_INTERFACE PATH_INFO PATH_TRANSLATED QUERY_STRING "
    "REMOTE_ADDR REMOTE_HOST REMOTE_IDENT REMOTE_USER REQUEST_METHOD SCRIPT_NAME SERVER_NAME SERVER_PORT "
    "SERVER_PROTOCOL SERVER_SOFTWARE"
)


def test_every_variable_of_rfc_3875_reaches_the_script() -> None:
    assert set(RFC_3875.split()) <= set(call(ORDINARY, WITH_INFO).environment)
    assert variables.__doc__ is not None
    assert [name for name in RFC_3875.split() if name not in variables.__doc__] == []
