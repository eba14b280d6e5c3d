"""A module's filters for warnings of its own show where they do in a plain start, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from warm.parity.world import WarmWorld

PART = """\
import warnings
class Mine(Warning): pass
warnings.simplefilter("ignore", Mine)
warnings.filterwarnings("ignore", message="part.size changed")
"""
#: other modules of the program
MODULES = {
    "part": PART,
    "around": """\
import os, warnings
with warnings.catch_warnings():
    import part
    within = [*warnings.filters]
number = os.getpid()
""",
    "before": """\
import os, warnings
number = os.getpid()
with warnings.catch_warnings():
    import part
    within = [*warnings.filters]
""",
    "quiet": """\
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import part
    within = [*warnings.filters]
""",
}
#: `show` is a function that shows the filters
DEFINE_SHOW = """\
import argparse, sys
def show():
    import warnings
    print(warnings.filters)
"""
LEFT_TO_IT = {
    "looks before and after": """\
import warnings
print(warnings.filters)
import part
print(warnings.filters)
""",
    "looks in a function": "show()\nimport part\nshow()\n",
    "imports it within": """\
import warnings
with warnings.catch_warnings():
    import part
    show()
show()
""",
    "has others first if it is told so": """\
import warnings
if "strict" in sys.argv:
    warnings.simplefilter("error")
import part
warnings.warn("mine", part.Mine)
show()
""",
    "has it within what is left to it": "import around\nprint(around.within)\nshow()\n",
    "has it after an effect": "import before\nprint(before.within)\nshow()\n",
}
AHEAD = {
    "has it within what comes ahead": DEFINE_SHOW + "import quiet\nprint(quiet.within)\nshow()\n",
    "looks at nothing": "import argparse, part\nprint(part.Mine)\n",
}
PROGRAMS = {name: DEFINE_SHOW + text for name, text in LEFT_TO_IT.items()} | AHEAD


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_filters_are_what_they_are_in_a_plain_start(warm_world: WarmWorld, name: str) -> None:
    for module, source in MODULES.items():
        warm_world.write(f"{module}.py", source)
    warm_world.write("program.py", PROGRAMS[name])
    for words in ((), ("strict",)):
        warm = warm_world.start_warm("program.py", *words)
        assert warm == warm_world.start_plain("program.py", *words)
        assert warm.stderr == b""
    [recipe] = [path.read_text() for path in warm_world.folder.glob("*.recipe")]
    assert ("\nahead part " in recipe or "\nahead quiet " in recipe) == (name in AHEAD), recipe
