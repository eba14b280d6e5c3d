"""The manual page that is installed is well formed, and says what the code does."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from mainspring import __version__
from mainspring.settings import SETTINGS

from .definitions import NAMES, find_options, make_context

if TYPE_CHECKING:
    from pathlib import Path

    from enabling.commands import Commands

#: how docutils begins a paragraph after each heading: mandoc takes it for superfluous, which it is
SUPERFLUOUS = "WARNING: skipping paragraph macro: sp after "


@pytest.fixture(scope="session")
def page(launcher: Path) -> Path:
    return launcher.parents[1] / "share" / "man" / "man1" / "mainspring.1"


@pytest.fixture(scope="session")
def text(launcher: Path) -> str:
    """What `man mainspring` shows somebody who has the command on PATH."""
    environment = {
        "PATH": f"{launcher.parent}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        "MANWIDTH": "10000",
        "MAN_KEEP_FORMATTING": "",
    }
    done = subprocess.run(
        ["man", "mainspring"], env=environment, capture_output=True, text=True, check=True
    )
    return strip_overstrikes(done.stdout)


def strip_overstrikes(text: str) -> str:
    """*text* without what a printer would type twice, to make it bold."""
    return re.sub(r".\x08", "", text)


def test_mandoc_has_nothing_to_say_of_it(page: Path) -> None:
    done = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert [line for line in lines if SUPERFLUOUS not in line] == []


def test_groff_has_nothing_to_say_of_it(page: Path) -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-Tutf8", page], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert "MAINSPRING_CACHE_DIR" in strip_overstrikes(done.stdout)


def test_its_name_and_version(page: Path, text: str) -> None:
    assert f'"mainspring {__version__}"' in page.read_text()
    assert re.search(
        r"^N[Aa][Mm][Ee]\n +mainspring [-\u2010] start Python programs from cached code$",
        text,
        re.MULTILINE,
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_command_is_in_it_with_all_its_options(text: str, name: str) -> None:
    ctx = make_context(name)
    command = ctx.command
    section = find_section(text, f"mainspring {name}")
    assert f"mainspring {name} {' '.join(command.collect_usage_pieces(ctx))}" in section
    assert say_plainly((command.help or "").partition("\n")[0]) in section
    assert say_plainly(command.epilog or "") in section
    for option in find_options(name) - {"-h", "--help"}:
        assert re.search(rf"^ +(\S+, )*{option}\b", section, re.MULTILINE)


def test_a_command_below_another_is_in_it(text: str) -> None:
    section = find_section(text, "mainspring hosts stop")
    assert "mainspring hosts stop [OPTIONS] [PROGRAM]" in section
    assert "Example: mainspring hosts stop black" in section


def find_section(text: str, heading: str) -> str:
    """What stands below a heading: nothing else is indented by three columns."""
    [section] = re.findall(rf"^   {heading}\n((?:(?: {{4,}}.*)?\n)+)", text, re.MULTILINE)
    return str(section)


def say_plainly(text: str) -> str:
    return text.replace("`", "")


def test_each_setting_is_in_it_with_its_default(text: str) -> None:
    for name, (default, _) in SETTINGS.items():
        assert re.search(rf"^ +{name}\n? +.*Default: {re.escape(default)}\.$", text, re.MULTILINE)


def test_every_command_of_the_page_is_one(text: str, commands: Commands) -> None:
    headings = re.findall(r"^   mainspring ([a-z-]+)$", text, re.MULTILINE)
    assert headings == NAMES
    for name in headings:
        assert commands.call(name, "--help")[0] == 0
