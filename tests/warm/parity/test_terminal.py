"""At a terminal, a warm start sees what a plain one sees, of the terminal too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .probing import assert_same, lay_out_probe, look_at_terminal
from .stated import STATED_OF_COLD
from .terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import WarmWorld


@pytest.fixture(scope="module")
def terminal(shared_world: WarmWorld) -> Iterator[Terminal]:
    lay_out_probe(shared_world)
    terminal = Terminal(shared_world.work, shared_world.environment(TERM="dumb"))
    yield terminal
    terminal.close()


@pytest.mark.parametrize(
    "text",
    [
        "{probe} report",
        "{probe} report 2>/dev/null",
        "{probe} report | cat",
        "echo | {probe} report",
        "{probe} report </dev/null >out 2>&1",
        "({probe} report & wait $!)",
        "nohup {probe} report 2>/dev/null; rm -f nohup.out",
        "nice timeout 60 {probe} report",
        "timeout --foreground 60 {probe} report",
        "(cd / && {probe} {work}/report)",
        "( {probe} report )",
        "bash -c '{probe} report'",
        "bash -ic '{probe} report' 2>/dev/null",
        "echo {work}/report | xargs -t {probe} 2>/dev/null",
        "cat <({probe} report)",
        "exec 7</dev/tty; {probe} report; exec 7<&-",
        "stty raw -echo; {probe} report; stty cooked -echo",
        "PYTHONUNBUFFERED=1 {probe} report",
        "TERM=xterm-256color LINES=5 COLUMNS=40 {probe} report",
    ],
)
def test_at_a_terminal(shared_world: WarmWorld, terminal: Terminal, text: str) -> None:
    plain = look_at_terminal(shared_world, terminal, "plain", text)
    warm = []
    shared_world.repeat_until_warm(
        lambda: warm.append(look_at_terminal(shared_world, terminal, "warm", text))
    )
    assert_same(plain, warm[-1])


@pytest.mark.parametrize("streams", ["", "</dev/null", ">/dev/null 2>&1"])
def test_at_a_terminal_that_does_not_control_the_session_a_start_is_cold(
    shared_world: WarmWorld, terminal: Terminal, streams: str
) -> None:
    text = f"setsid --wait {{probe}} report {streams}"
    plain = look_at_terminal(shared_world, terminal, "plain", text)
    for _ in range(3):
        shared_world.log.unlink(missing_ok=True)
        seen = look_at_terminal(shared_world, terminal, "warm", text)
        assert shared_world.last_outcome not in ("warm", None)
        assert shared_world.last_reason == "other-terminal"
        assert_same(plain, seen, STATED_OF_COLD)
