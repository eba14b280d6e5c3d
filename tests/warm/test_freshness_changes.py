"""Each way of changing what a host has imported is seen by the next look; what does not matter is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .watched import Program
from .ways import CHANGES, NO_CHANGES, PACK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def program(tmp_path: Path) -> Program:
    (tmp_path / "tree").mkdir()
    return Program(tmp_path / "tree")


@pytest.mark.parametrize("name", CHANGES)
def test_the_next_look_sees(program: Program, name: str) -> None:
    watch = program.watch()
    assert watch.find_change() is None
    CHANGES[name](program.root)
    assert watch.find_change() is not None
    assert watch.find_change() is not None, "once changed, always"
    watch.close()


@pytest.mark.parametrize("name", CHANGES)
def test_without_any_watch_the_next_look_sees(program: Program, name: str) -> None:
    watch = program.watch()
    CHANGES[name](program.root)
    assert watch.compare_all() is not None
    watch.close()


@pytest.mark.parametrize("name", NO_CHANGES)
def test_does_not_count(program: Program, name: str) -> None:
    watch = program.watch()
    NO_CHANGES[name](program.root)
    assert watch.find_change() is None
    assert watch.compare_all() is None
    watch.close()


@pytest.fixture(autouse=True)
def open_folders(tmp_path: Path) -> Iterator[None]:
    """What a test closes, pytest must be able to remove."""
    yield
    for folder in ("tree/lib", f"tree/{PACK}"):
        if (tmp_path / folder).exists():
            (tmp_path / folder).chmod(0o755)
