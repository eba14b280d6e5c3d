"""No two starts draw the same: not where a program draws, nor where what it imports has drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .remains import wait_for

if TYPE_CHECKING:
    from .world import WarmWorld

STARTS = 24
AT_ONCE = 6
#: imported ahead, and drawing nothing
SETTLED = "import random, secrets, tempfile, uuid, argparse, json, logging, email.utils, hashlib\n"
DRAWS = """\
import settled, os, random, secrets, tempfile, uuid, email.utils, multiprocessing
drawn = [
    random.random(), random.getrandbits(64), random.Random().random(), random.SystemRandom().random(),
    secrets.token_hex(), uuid.uuid4(), uuid.uuid1(), email.utils.make_msgid(), os.urandom(8),
    os.path.basename(tempfile.mktemp()), tempfile.mkstemp()[1], tempfile.mkdtemp(),
    random.choices(range(10**9), k=3), random.gauss(0, 1), random.sample(range(10**9), 2),
    multiprocessing.current_process().authkey,
]
print(*drawn, sep="\\n")
"""
#: each draws as it is imported, in a way of its own
DRAWN_BY_IMPORTS = {
    "token": "import secrets\nvalue = secrets.token_hex()\n",
    "number": "import random\nvalue = random.random()\n",
    "instance": "import random\ngenerator = random.Random()\nvalue = generator.random()\n",
    "later": "import random\ngenerator = random.Random()\nget = generator.random\n",
    "identifier": "import uuid\nvalue = uuid.uuid4()\n",
    "clock": "import uuid\nvalue = uuid.uuid1()\n",
    "system": "import os\nvalue = os.urandom(8)\n",
    "names": "import tempfile\nvalue = next(tempfile._get_candidate_names())\n",
    "device": "with open('/dev/urandom', 'rb') as file:\n    value = file.read(8)\n",
    "kernel": "with open('/proc/sys/kernel/random/uuid') as file:\n    value = file.read()\n",
    "crypto": "import ssl\nvalue = ssl.RAND_bytes(8)\n",
    "gauss": "import random\nrandom.gauss(0, 1)\nget = lambda: random.gauss(0, 1)\n",
    "number_of_process": "import os\nvalue = os.getpid()\n",
}
SHOWS_IMPORTED = """\
import settled
import drawing
print(drawing.get() if hasattr(drawing, "get") else drawing.value)
"""
SEEDED = "import random\nrandom.seed(5)\nown = random.Random(7)\n"
SHOWS_SEEDED = (
    "import settled, random, seeded\nprint(random.random(), seeded.own.random(), random.gauss(0, 1))\n"
)


def test_what_a_program_draws(warm_world: WarmWorld) -> None:
    warm_world.write("settled.py", SETTLED)
    warm_world.write("program.py", DRAWS)
    warm_world.warm_up("program.py")
    drawn = [warm_world.start_warm("program.py").stdout.split(b"\n") for _ in range(STARTS)]
    drawn += draw_at_once(warm_world)
    assert_all_differ(drawn)


def draw_at_once(world: WarmWorld) -> list[list[bytes]]:
    processes = [world.begin("warm", "program.py") for _ in range(AT_ONCE)]
    return [process.communicate()[0].split(b"\n") for process in processes]


def assert_all_differ(drawn: list[list[bytes]]) -> None:
    [length] = {len(values) for values in drawn}
    for values in list(zip(*drawn, strict=True))[: length - 1]:
        assert len(set(values)) == len(values), values


@pytest.mark.parametrize("name", DRAWN_BY_IMPORTS)
def test_what_an_import_draws(warm_world: WarmWorld, name: str) -> None:
    """Whether such an import is left out, or done over in each start, is not to be seen."""
    warm_world.write("settled.py", SETTLED)
    warm_world.write("drawing.py", DRAWN_BY_IMPORTS[name])
    warm_world.write("program.py", SHOWS_IMPORTED)
    warm_world.warm_up("program.py")
    values = [warm_world.start_warm("program.py").stdout for _ in range(3)]
    assert len(set(values)) == 3, warm_world.explain()


def test_what_was_seeded_by_an_import(warm_world: WarmWorld) -> None:
    warm_world.write("settled.py", SETTLED)
    warm_world.write("seeded.py", SEEDED)
    warm_world.write("program.py", SHOWS_SEEDED)
    plain = warm_world.start_plain("program.py")
    for _ in range(6):
        assert warm_world.ask_for_warm("program.py") == plain
    wait_for(
        lambda: warm_world.ask_for_warm("program.py") == plain and warm_world.last_outcome == "warm",
        "warm",
    )


def test_the_seed_of_hashes_is_a_host_s_own(warm_world: WarmWorld) -> None:
    """A stated difference: the children of one host share it, those of the next have another."""
    warm_world.write("settled.py", SETTLED)
    warm_world.write(
        "program.py", "import settled\nprint(hash('text'), list({'a', 'b', 'c', 'd', 'e'}))\n"
    )
    assert warm_world.start_warm("program.py") == warm_world.start_warm("program.py")
    plain = warm_world.start_plain("program.py", env=warm_world.environment(PYTHONHASHSEED="5"))
    warm = warm_world.start_warm("program.py", env=warm_world.environment(PYTHONHASHSEED="5"))
    assert warm == plain
