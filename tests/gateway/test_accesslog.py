"""An access line parses back, whatever a client sends, and is written whole or not at all."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from gateway.telling import PARAMS, SAID_OR_NOT, make_served, parse_access_line
from mainspring.gateway.accesslog import FIELDS, format_combined, format_json
from mainspring.gateway.logtext import LONGEST_TEXT, format_apache_second, format_second

if TYPE_CHECKING:
    from collections.abc import Iterator

CLIENTS_WORDS = (
    "REMOTE_ADDR", "REMOTE_USER", "REQUEST_METHOD", "REQUEST_URI", "SERVER_PROTOCOL", "HTTP_REFERER",
    "HTTP_USER_AGENT", "HTTP_HOST",
)  # fmt: skip
FIELD_NAMES = ("client", "user", "method", "target", "protocol", "referer", "agent")
SAID_PARAMS = st.fixed_dictionaries(dict.fromkeys(CLIENTS_WORDS, SAID_OR_NOT)).map(
    lambda words: {name: word for name, word in words.items() if word is not None}
)


@pytest.fixture(autouse=True)
def in_berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    set_zone("Europe/Berlin")
    yield
    set_zone(before)


def set_zone(zone: str | None) -> None:
    if zone is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = zone
    time.tzset()
    format_second.cache_clear()
    format_apache_second.cache_clear()


def test_a_combined_line_is_apaches() -> None:
    assert format_combined(make_served()) == (
        '192.0.2.7 - - [14/Nov/2023:23:13:20 +0100] "GET /cgi/hello.py/more?name=x HTTP/1.1" 200 12 '
        '"https://example.org/start" "curl/8"\n'
    )


def test_escapes_are_apaches() -> None:
    params = {**PARAMS, "REMOTE_USER": "a b", "HTTP_USER_AGENT": 'x"y\\z\n\r\t\v\b\x1b[31mé\udcff'}
    line = format_combined(make_served(params=params))
    assert '"x\\"y\\\\z\\n\\r\\t\\v\\b\\x1b[31m\\xc3\\xa9\\xff"\n' in line
    assert line.startswith("192.0.2.7 - a\\x20b [")


@law(500)
@given(SAID_PARAMS)
def test_a_combined_line_parses_back(params: dict[str, str]) -> None:
    line = parse_access_line(format_combined(make_served(params=params)))
    expected = [params.get(name) or None for name in CLIENTS_WORDS[:-1]]
    assert [getattr(line, name) for name in FIELD_NAMES] == expected


@law(500)
@given(SAID_PARAMS, st.sampled_from([format_combined, format_json]))
def test_no_client_makes_two_lines_or_moves_the_cursor(params: dict[str, str], style: object) -> None:
    assert callable(style)
    line = style(make_served(params=params))
    assert line.endswith("\n")
    assert line[:-1].isascii()
    assert line[:-1].isprintable()


@law(100)
@given(st.dictionaries(st.sampled_from(CLIENTS_WORDS), st.text(max_size=60)))
def test_a_json_line_parses_back(params: dict[str, str]) -> None:
    value = json.loads(format_json(make_served(params=params)))
    names = {
        "client": "REMOTE_ADDR", "user": "REMOTE_USER", "method": "REQUEST_METHOD",
        "target": "REQUEST_URI", "http": "SERVER_PROTOCOL", "referer": "HTTP_REFERER",
        "agent": "HTTP_USER_AGENT", "host": "HTTP_HOST",
    }  # fmt: skip
    expected = {field: params.get(name) or None for field, name in names.items()}
    if not params.get("REQUEST_URI"):
        expected["target"] = None
    assert {field: value[field] for field in names} == expected


@law(100)
@given(SAID_PARAMS)
def test_every_reader_of_json_takes_a_line(params: dict[str, str]) -> None:
    # readers other than Python's refuse a surrogate that stands alone
    json.dumps(json.loads(format_json(make_served(params=params))), ensure_ascii=False).encode()


def test_a_json_line_has_the_fields_of_the_table() -> None:
    value = json.loads(format_json(make_served(reason="timeout", waited=0.5, received=7)))
    assert list(value) == list(FIELDS)
    assert value == {
        "time": "2023-11-14T23:13:20.250+01:00", "id": "a1b2c3-1", "protocol": "fastcgi",
        "client": "192.0.2.7", "user": None, "method": "GET", "host": "example.org",
        "target": "/cgi/hello.py/more?name=x", "http": "HTTP/1.1",
        "referer": "https://example.org/start", "agent": "curl/8", "status": 200, "reason": "timeout",
        "received": 7, "sent": 12, "seconds": 0.0125, "waited": 0.5, "script": "/srv/cgi/hello.py",
        "kind": "warm", "process": 4321, "exit": 0,
    }  # fmt: skip


def test_a_json_value_is_of_the_type_that_the_table_says() -> None:
    kinds = {"string": (str,), "number": (int, float), "null": (type(None),)}
    bare = make_served(params={}, script=None, kind=None, process=None, exit_status=None)
    for served in (make_served(), bare):
        for name, value in json.loads(format_json(served)).items():
            allowed = tuple(one for word in FIELDS[name].type.split(" or ") for one in kinds[word])
            assert isinstance(value, allowed), name


def test_a_target_is_put_together_where_the_front_gives_none() -> None:
    params = {name: text for name, text in PARAMS.items() if name != "REQUEST_URI"}
    assert parse_access_line(format_combined(make_served(params=params))).target == (
        "/cgi/hello.py/more?name=x"
    )


def test_a_long_target_is_cut_and_says_so() -> None:
    params = {**PARAMS, "REQUEST_URI": "/" + "a" * 100_000}
    target = parse_access_line(format_combined(make_served(params=params))).target
    assert target == "/" + "a" * (LONGEST_TEXT - 1) + "..."


def test_a_value_that_is_a_hyphen_is_not_an_absent_one() -> None:
    line = format_combined(make_served(params={**PARAMS, "HTTP_USER_AGENT": "-", "HTTP_REFERER": ""}))
    assert line.endswith('"-" "\\x2d"\n')


def test_a_request_that_had_no_answer_has_three_digits() -> None:
    assert parse_access_line(format_combined(make_served(status=0, sent=0))).status == 0
    assert '" 000 - "' in format_combined(make_served(status=0, sent=0))
