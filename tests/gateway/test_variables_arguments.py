"""An indexed query becomes arguments (RFC 3875, 4.4), word by word, and no other query does."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from mainspring.gateway.variables import make_arguments


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("", ()),
        ("word", ("word",)),
        ("two+words", ("two", "words")),
        ("a%20b+c", ("a b", "c")),
        ("a%3Db", ("a=b",)),
        ("a%2Bb+c", ("a+b", "c")),
        ("a++b", ("a", "", "b")),
        ("+", ("", "")),
        ("-c+print()", ("-c", "print()")),
        ("%24HOME+`x`+%3Bls", ("$HOME", "`x`", ";ls")),
        ("%FF", ("\udcff",)),
        ("caf%C3%A9", ("café",)),
        ("%zz%4", ("%zz%4",)),
        ("a&b", ("a&b",)),
        ("a=b", ()),
        ("=", ()),
        ("a+b=", ()),
        ("a%00b", ()),
        ("a+%00", ()),
        ("a+b+%00c", ()),
    ],
)
def test_a_query_without_an_equals_sign_is_words(query: str, arguments: tuple[str, ...]) -> None:
    assert make_arguments("GET", query) == make_arguments("HEAD", query) == arguments


@pytest.mark.parametrize("method", ["POST", "PUT", "get", "OPTIONS", ""])
def test_other_methods_have_no_arguments(method: str) -> None:
    assert make_arguments(method, "a+b") == ()


WORDS = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6),
    min_size=1,
    max_size=5,
)


@law(200)
@given(WORDS)
def test_words_come_as_they_were_sent(words: list[str]) -> None:
    query = "+".join(quote(word, safe="") for word in words)
    assert make_arguments("GET", query) == (tuple(words) if query else ())
