"""What imports read of their caller selects its host; what they look for is looked for each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .world import WarmWorld

CONFIGURED = """\
import os.path
path = os.path.expanduser("~/.tool.cfg")
text = open(path).read() if os.path.exists(path) else "none"
"""


def lay_out(world: WarmWorld, main: str, **modules: str) -> Path:
    """A program of modules beside it; large enough for the hook."""
    for name, text in modules.items():
        world.write(f"{name}.py", text)
    return world.write("tool.py", f"{main}\n")


def test_a_config_file_that_comes_to_be_is_read_by_the_next_start(warm_world: WarmWorld) -> None:
    tool = lay_out(warm_world, "import config; print(config.text)", config=CONFIGURED)
    file = warm_world.home / ".tool.cfg"
    assert warm_world.start_warm(tool).stdout == b"none\n"
    file.write_text("new")
    assert warm_world.ask_for_warm(tool).stdout == b"new\n"
    assert warm_world.start_warm(tool).stdout == b"new\n"
    file.unlink()
    assert warm_world.ask_for_warm(tool).stdout == b"none\n"
