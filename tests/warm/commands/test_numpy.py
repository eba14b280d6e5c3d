"""numpy comes ahead where it starts no thread, and no two starts draw the same numbers of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starts import give_command

if TYPE_CHECKING:
    from .scenes import Stage

pytestmark = pytest.mark.timeout(600)  # the first one installs numpy
STARTS = 5
#: module -> what draws in it, or makes a generator, as it is imported
DRAWING = {
    "shared": "from numpy.random import random, normal, mtrand\n",
    "generator": "from numpy.random import default_rng\nrandom = default_rng().random\n",
    "state": "from numpy.random import RandomState\nrandom = RandomState().random_sample\n",
    "sequence": "from numpy.random import SeedSequence\nsequence = SeedSequence()\n",
    "drawn": "import numpy\nvalue = numpy.random.random()\n",
}
PROGRAM = f"""\
import json, random, secrets, tempfile, uuid
import numpy
import {", ".join(DRAWING)}
for value in (
    shared.random(), shared.normal(), shared.mtrand._rand.random_sample(), numpy.random.randint(1 << 60),
    numpy.random.permutation(10**5)[:3], numpy.random.default_rng().random(), generator.random(),
    state.random(), sequence.sequence.entropy, drawn.value, random.random(), secrets.token_hex(),
    uuid.uuid4(), tempfile.mktemp(),
):
    print(value)
"""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture
def counting(numpy_stage: Stage) -> Stage:
    """A stage with the program, whose matrices are multiplied by one thread."""
    for name, text in DRAWING.items():
        numpy_stage.write(f"{name}.py", text)
    numpy_stage.write("program.py", PROGRAM)
    numpy_stage.settings.update(ONE_THREAD)
    return numpy_stage


def test_no_two_starts_draw_the_same(counting: Stage) -> None:
    drawn = [counting.start_warm("program.py").stdout.splitlines() for _ in range(STARTS)]
    assert {len(values) for values in drawn} == {14}
    for values in zip(*drawn, strict=True):
        assert len(set(values)) == STARTS, values
    assert "\nahead numpy " in read_recipe(counting)


def test_what_is_seeded_comes_out_the_same(counting: Stage) -> None:
    counting.write("seeded.py", "import numpy\nnumpy.random.seed(5)\n")
    text = "import json, numpy\nimport seeded\nprint(numpy.random.random(), numpy.random.normal())\n"
    counting.write("program.py", text)
    assert counting.start_warm("program.py") == counting.start_plain("program.py")


def test_it_is_left_to_the_program_where_it_starts_threads(numpy_stage: Stage) -> None:
    numpy_stage.write("program.py", "import json, numpy\nprint(numpy.ones(3).sum())\n")
    numpy_stage.settings["OPENBLAS_NUM_THREADS"] = "2"
    assert numpy_stage.start_warm("program.py") == numpy_stage.start_plain("program.py")
    words = ["--python", numpy_stage.plain_python, numpy_stage.work / "program.py"]
    status, told, _ = give_command(numpy_stage, "explain", *words, cwd=numpy_stage.work)
    assert status == 0
    assert "starts a thread (started by native code in numpy._core._multiarray_umath)" in told
    assert "\nahead json " in read_recipe(numpy_stage)


def read_recipe(stage: Stage) -> str:
    [recipe] = [path.read_text() for path in stage.folder.glob("*.recipe")]
    return recipe
