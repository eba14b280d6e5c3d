"""A scene is a command, started again and again; cold and warm, the same must come of it."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from starts import Ended, give_command

from warm.parity.world import WarmWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from starts import Argument

    from warm.parity.world import WarmKind

#: where Mainspring keeps what is its own, below a home
OWN = (".cache/mainspring", ".local/state/mainspring")
#: so that a file written anew is taken for the same by those who look at its time
LONG_AGO = 1_000_000_000
PARTS = ("status", "stdout", "stderr")


@dataclass(frozen=True)
class Step:
    """One start: the words behind the command, and what it gets."""

    words: tuple[str, ...]
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)  # written, below the work folder, before it
    at: str = "."  # where, below the work folder


def step(
    line: str,
    *more: str,
    stdin: bytes = b"",
    files: Mapping[str, str] | None = None,
    at: str = ".",
    **env: str,
) -> Step:
    """The start with the words of *line*, and *more* of them as they are."""
    return Step((*line.split(), *more), stdin, env, files or {}, at)


@dataclass(frozen=True)
class Scene:
    """A command's starts, one after the other.

    *varying* are patterns of what no two starts agree on, however they are made: it is taken out.
    *unread* are patterns of files whose content is not compared; for those that match one of *readers*,
    what that makes of it is.
    """

    program: str
    steps: tuple[Step, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    varying: tuple[bytes, ...] = ()
    unread: tuple[str, ...] = ()
    readers: Mapping[str, Callable[[bytes], bytes]] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What came of a start: how it ended, what it wrote, and what files there were after it."""

    words: tuple[str, ...]
    ended: Ended
    files: dict[str, bytes]


@dataclass
class Stage(WarmWorld):
    """A world in which scenes are played."""

    @property
    def temporary(self) -> Path:
        """TMPDIR: what a command leaves there, or clears away, is no other test's."""
        return self.home.parent / "temporary"

    def environment(self, **changes: str | None) -> dict[str, str]:
        path = f"{self.plain_python.parent}:{os.environ['PATH']}"
        return super().environment(**{"PATH": path, "TMPDIR": str(self.temporary), **changes})

    def play(self, kind: WarmKind, scene: Scene) -> list[Seen]:
        """All steps of a scene in the way *kind*, from fresh files on."""
        self.set_up(scene.files)
        return [self.take(kind, scene, step) for step in scene.steps]

    def play_warm(self, scene: Scene) -> list[Seen]:
        """As `play`, and every start has come from a host."""
        self.set_up(scene.files)
        return [self.take_warm(scene, step) for step in scene.steps]

    def take(self, kind: WarmKind, scene: Scene, step: Step) -> Seen:
        self.lay_out(step.files)
        self.log.unlink(missing_ok=True)
        ended = self.start(
            kind,
            self.plain_python.parent / scene.program,
            *step.words,
            stdin=step.stdin,
            cwd=self.work / step.at,
            env=self.environment(**scene.env, **step.env),
        )
        return Seen(step.words, clean(ended, scene.varying), dict(self.read_files(scene)))

    def take_warm(self, scene: Scene, step: Step) -> Seen:
        seen = self.take("warm", scene, step)
        assert self.last_outcome == "warm", f"{step.words}: {self.explain()}"
        return seen

    def assert_same_warm(self, scene: Scene) -> None:
        """All steps come to the same cold and warm."""
        self.set_up(scene.files)
        self.warm_scene_up(scene, scene.steps[0])
        cold = self.play("cold", scene)
        warm = self.play_warm(scene)
        assert [line for pair in zip(cold, warm, strict=True) for line in compare(*pair)] == []

    def warm_scene_up(self, scene: Scene, step: Step) -> None:
        """Make starts of *step* until one is warm."""
        self.repeat_until_warm(lambda: self.take("warm", scene, replace(step, files={})))

    # ---- files ------------------------------------------------------------------------------

    def set_up(self, files: Mapping[str, str]) -> None:
        """Leave nothing in the work folder and the home but *files* and what is Mainspring's own."""
        for path in [*self.work.iterdir(), *self.list_home()]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        self.lay_out(files)

    def list_home(self) -> Iterator[Path]:
        """What is in the home, and not Mainspring's."""
        for folder in (self.home, self.home / ".cache", self.home / ".local", self.home / ".local/state"):
            for path in folder.iterdir() if folder.is_dir() else ():
                name = str(path.relative_to(self.home))
                if path != self.log and not any(own.startswith(name) for own in OWN):
                    yield path

    def lay_out(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            os.utime(self.write(name, text), (LONG_AGO, LONG_AGO))

    def read_files(self, scene: Scene) -> Iterator[tuple[str, bytes]]:
        """Name, mode and content of all that is in the work folder and the home."""
        for top in (self.work, *self.list_home()):
            for path in [top, *sorted(top.rglob("*"))]:
                name = str(path.relative_to(self.home.parent))
                yield name, b"%o " % path.lstat().st_mode + read(path, name, scene)


@dataclass
class ShimStage(Stage):
    """A stage on which a warm start is one of a shim, and a cold one is the command's own."""

    @property
    def shims(self) -> Path:
        return self.home.parent / "data/mainspring/shims"

    def environment(self, **changes: str | None) -> dict[str, str]:
        data = {"XDG_DATA_HOME": str(self.shims.parents[1])}
        return super().environment(**{**data, **changes})

    def command(self, kind: str, arguments: Sequence[Argument]) -> list[Argument]:
        program, *words = arguments
        shim = self.shims / os.path.basename(os.fsdecode(program))
        return [*self.prefix, shim if kind == "warm" else program, *words]

    def install(self, program: Argument) -> None:
        """Make a shim, which must succeed, and need nothing more than to be on PATH."""
        status, _, errors = give_command(self, "install", program)
        assert (status, errors.count("\n"), errors[:3]) == (0, 1, "put"), errors


def is_like(name: str, patterns: Sequence[str]) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in patterns)


def read(path: Path, name: str, scene: Scene) -> bytes:
    if path.is_symlink():
        return os.fsencode(path.readlink())
    if not path.is_file() or is_like(name, scene.unread):
        return b""
    for pattern, reader in scene.readers.items():
        if is_like(name, [pattern]):
            return reader(path.read_bytes())
    return take_out(path.read_bytes(), scene.varying)


def clean(ended: Ended, varying: Sequence[bytes]) -> Ended:
    return Ended(ended.status, take_out(ended.stdout, varying), take_out(ended.stderr, varying))


def take_out(text: bytes, varying: Sequence[bytes]) -> bytes:
    for pattern in varying:
        text = re.sub(pattern, b"", text)
    return text


def compare(cold: Seen, warm: Seen) -> list[str]:
    """In what two ways of one start differ, a line each."""
    parts = [(name, getattr(cold.ended, name), getattr(warm.ended, name)) for name in PARTS]
    parts += [(name, cold.files.get(name), warm.files.get(name)) for name in {**cold.files, **warm.files}]
    return [
        f"{' '.join(cold.words)!r}: {name} is {one!r} cold, {other!r} warm"
        for name, one, other in parts
        if one != other
    ]
