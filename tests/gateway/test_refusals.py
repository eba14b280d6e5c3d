"""The gateway's own answers show their status and nothing else; each word is one row of one table."""

from __future__ import annotations

import pytest

from mainspring.gateway.refusals import GATEWAY, Refusal, Word, answer, find_phrase

CAUSE = "/srv/secret/x.py: it's the cause"


@pytest.mark.parametrize("word", GATEWAY)
def test_an_answer_shows_its_status_and_no_cause(word: Word) -> None:
    head, body = answer(Refusal(word, CAUSE))
    assert head.status == GATEWAY[word].status
    assert body.decode() == f"{head.status} {head.phrase}\n"
    assert dict(head.headers)["Content-Length"] == str(len(body))
    assert "secret" not in str(head) + body.decode()


@pytest.mark.parametrize("word", GATEWAY)
def test_a_row_is_complete(word: Word) -> None:
    row = GATEWAY[word]
    assert 300 <= row.status <= 599
    assert find_phrase(row.status)
    assert row.meaning
    assert row.remedy


def test_the_log_gets_the_detail() -> None:
    assert str(Refusal("timeout", CAUSE)) == f"timeout: {CAUSE}"
    assert str(Refusal("nph")) == f"nph: {GATEWAY['nph'].meaning}"


def test_an_answer_has_the_refusal_s_own_headers() -> None:
    head, _ = answer(Refusal("folder", "", (("Location", "/a/"),)))
    assert head.status == 308
    assert ("Location", "/a/") in head.headers


def test_a_status_that_nobody_knows_has_no_phrase() -> None:
    assert (find_phrase(404), find_phrase(499), find_phrase(299)) == (
        "Not Found",
        "Client Closed Request",
        "",
    )
