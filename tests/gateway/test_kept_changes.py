"""What a fresh process would import otherwise ends a kept one; what else comes to be does not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .keeping import age, keep, read_numbers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .scripts import Site

    Change = Callable[[Path], object]

#: tells its process, and which of its modules it has
TELLS = "import os, value, pack\nprint(os.getpid(), value.number, pack.number, value.extra, pack.extra)\n"
FILES = {
    "library/value.py": "number = 1\n"
    "try:\n    from more import extra\nexcept ImportError:\n    extra = 0\n",
    "library/pack/__init__.py": "from pack.part import number\n"
    "try:\n    from pack.more import extra\nexcept ImportError:\n    extra = 0\n",
    "library/pack/part.py": "number = 2\n",
}
FIRST = [1, 2, 0, 0]


def put(name: str, text: str = "") -> Change:
    """A file that comes to be, with its folder."""

    def change(work: Path) -> None:
        path = work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return change


#: what comes -> what a fresh process tells then
COMING = {
    "a module in a folder before": (put("value.py", "number, extra = 9, 0\n"), [9, 2, 0, 0]),
    "a package in a folder before": (put("value/__init__.py", "number, extra = 9, 0\n"), [9, 2, 0, 0]),
    "a package beside": (put("library/value/__init__.py", "number, extra = 9, 0\n"), [9, 2, 0, 0]),
    "a package beside a part": (put("library/pack/part/__init__.py", "number = 9\n"), [1, 9, 0, 0]),
    "a module that was missed": (put("library/more.py", "extra = 9\n"), [1, 2, 9, 0]),
    "a package that was missed": (put("library/more/__init__.py", "extra = 9\n"), [1, 2, 9, 0]),
    "a part that was missed": (put("library/pack/more.py", "extra = 9\n"), [1, 2, 0, 9]),
    "a folder of the path": (put("later/value.py", "number, extra = 9, 0\n"), [9, 2, 0, 0]),
}
#: what no import would find
OTHERS = {
    "a file": put("session.db", "data"),
    "a file without a suffix": put("session", "data"),
    "a hidden module": put(".value.py", "number = 9\n"),
    "what an editor leaves": put("library/value.py~", "number = 9\n"),
    "a folder of data": put("sessions/of_today", "data"),
    "a folder of modules": put("library/tools/value.py", "number = 9\n"),
    "another hard link": lambda work: os.link(work / "library/value.py", work / "value.copy"),
}


@pytest.fixture
def shelves(site: Site) -> Site:
    for name, text in {**FILES, "tells.py": TELLS}.items():
        put(name, text)(site.world.work)
    age(site)
    return site


async def tell(site: Site) -> tuple[int, list[int]]:
    """The process that served, and what it told."""
    work = site.world.work
    path = f"{work}/later:{work}/library"
    process, *told = read_numbers(await site.run(work / "tells.py", PYTHONPATH=path))
    return process, told


@pytest.mark.parametrize("what", COMING)
def test_what_would_be_imported_instead_ends_the_process(shelves: Site, what: str) -> None:
    change, expected = COMING[what]

    async def course(site: Site) -> None:
        process, told = await tell(site)
        assert (await tell(site), told) == ((process, FIRST), FIRST)
        change(site.world.work)
        age(site)
        fresh, told = await tell(site)
        assert (told, fresh != process) == (expected, True)
        assert await tell(site) == (fresh, expected)

    keep(shelves, course)


def test_what_goes_leaves_what_it_stood_before(shelves: Site) -> None:
    path = shelves.world.work / "value.py"
    path.write_text("number, extra = 9, 0\n")
    age(shelves)

    async def course(site: Site) -> None:
        assert [(await tell(site))[1] for _ in range(2)] == [[9, 2, 0, 0]] * 2
        path.unlink()
        assert (await tell(site))[1] == FIRST

    keep(shelves, course)


@pytest.mark.parametrize("what", OTHERS)
def test_what_no_import_would_find_ends_none(shelves: Site, what: str) -> None:
    async def course(site: Site) -> None:
        first = await tell(site)
        assert await tell(site) == first  # by now, what the first has imported is known
        OTHERS[what](site.world.work)
        assert await tell(site) == first
        age(site)
        assert await tell(site) == first

    keep(shelves, course)


def test_a_folder_that_is_written_to_all_the_time_is_no_reason_to_end(shelves: Site) -> None:
    """A package may keep its data beside its modules."""
    log = shelves.world.work / "library/pack/log"
    script = shelves.world.work / "tells.py"
    script.write_text(f"{TELLS}open({str(log)!r} + str(os.urandom(4).hex()), 'w').close()\n")
    age(shelves)

    async def course(site: Site) -> None:
        assert len({(await tell(site))[0] for _ in range(4)}) == 1

    keep(shelves, course)
