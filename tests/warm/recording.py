"""Records real starts, of programs made of a few lines and modules."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import mainspring
from mainspring.warm.recipe import Recipe, parse_recipe

if TYPE_CHECKING:
    from starts import World

RECIPE_ID = "0" * 31 + "1"
#: what the launcher sets for a start that is to be recorded
HOOKED = {
    "PYTHONPATH": str(Path(mainspring.__file__).with_name("start")),
    "MAINSPRING_START": "1",
    "MAINSPRING_WARM": f"record:{RECIPE_ID}",
}


@dataclass
class Program:
    """A script `main.py` with modules beside it, and the folder that its recipe is kept in."""

    world: World
    folder: Path

    def __post_init__(self) -> None:
        self.runtime.mkdir(mode=0o700, parents=True)
        self.folder.mkdir()

    @property
    def runtime(self) -> Path:
        return self.world.home / "run" / "mainspring"

    @property
    def recipe_file(self) -> Path:
        return self.runtime / f"{RECIPE_ID}.recipe"

    def write(self, main: str, **modules: str) -> None:
        """Write the script and its modules; `p_one` is the module `one` of the package `p`."""
        for name, text in {"main": main, **modules}.items():
            path = self.folder / f"{name.replace('_', '/', 1).replace('package', '__init__')}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(dedent(text))

    def environment(self, **changes: str | None) -> dict[str, str]:
        return self.world.environment(
            XDG_RUNTIME_DIR=str(self.runtime.parent), MAINSPRING_LOG=None, **changes
        )

    def run(self, *arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        kind = "plain" if "MAINSPRING_WARM" in changes else "run"
        command = self.world.command(kind, [self.folder / "main.py", *arguments])
        return subprocess.run(
            command,
            env=self.environment(**changes),
            cwd=self.world.home,
            capture_output=True,
            text=True,
            check=False,
        )

    def record(self, *arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        """Record a start, which has to do what one that is not recorded does."""
        plain = self.run(*arguments, **changes)
        recorded = self.run(*arguments, **HOOKED, **changes)
        assert (recorded.returncode, recorded.stdout) == (plain.returncode, plain.stdout)
        assert recorded.stderr == plain.stderr
        return plain

    def read(self) -> Recipe:
        recipe = parse_recipe(self.recipe_file.read_bytes())
        assert recipe is not None
        return recipe

    def learn(self, *arguments: str, **changes: str | None) -> Recipe:
        """What one recorded start teaches."""
        self.recipe_file.unlink(missing_ok=True)
        self.record(*arguments, **changes)
        return self.read()


def list_ahead(recipe: Recipe) -> list[str]:
    return [module for module, _ in recipe.ahead]


def list_left_out(recipe: Recipe) -> dict[str, str]:
    return {module: reason for module, reason, _ in recipe.left_out}


def ask_python(code: str, *arguments: str, env: dict[str, str] | None = None) -> str:
    """What *code* prints in an interpreter that has Mainspring installed."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(code), *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
