"""Writes a slot, and takes away what was written, and nothing else."""

import os
import stat
import subprocess
import tempfile
from pathlib import Path

from mainspring.errors import NoSlotError, NotWritableError, UnsafePackageError
from mainspring.slot.survey import LAST_WITH_PTH_LINES, Survey

SLOT_NAME = "sitecustomize.py"
LINE_NAME = "mainspring.pth"
TEMPORARY_PREFIX = ".mainspring-enable-"
MARK = "# Written by `mainspring enable`; `mainspring disable` removes it."
LINE_MARK = "# mainspring"
NOTE = """\
# Changes made here are lost.
#
# It hands scripts that are worth it to Mainspring, and then stands back: the sitecustomize that would
# have been found without it is loaded, or else Python is told that there is none.
"""
# Compiled at each start of the interpreter, and so as short as it can be: the text in it costs next to
# nothing until it is run.  isfile does not raise: `site` prints what a line raises.
LINE = (
    "import os, sys; n = sys.argv[0]; e = os.environ; "
    '(n[:1] not in "-" and os.path.isfile(n) and os.stat(n).st_size > 2047 '
    'or "MAINSPRING_LOG" in e or "MAINSPRING_MIN_SIZE" in e) and exec({text})'
)
LINE_TEXT = """\
root = {root}
try:
    from _frozen_importlib_external import SourceFileLoader
    exec(SourceFileLoader("look", root + "/mainspring/slot/look.py").get_code("look"))
except Exception:
    pass
"""
PACKAGE = Path(__file__).parents[1]
ROOT = str(PACKAGE.parent)


def enable(survey: Survey, folder: str) -> tuple[Path, bool]:
    """Put a slot into *folder* for the interpreter of *survey*.

    Returns its path, and whether it was written: False says that it stood there already.  Raises
    MainspringError.
    """
    check_package(survey, folder)
    path, text = compose_slot(survey, folder)
    written = read_text(path) != text
    try:
        if written:
            replace_text(path, text)
        for other in {SLOT_NAME, LINE_NAME} - {path.name}:
            remove_own(Path(folder, other))
    except OSError as error:
        raise NotWritableError(folder, error.strerror or str(error)) from error
    precompile(survey, path)
    return path, written


def disable(survey: Survey) -> list[Path]:
    """Remove what enable put, or began to put, into any folder of the interpreter of *survey*.

    Returns what was removed.  Raises NotWritableError.
    """
    removed = []
    users = [survey.user_folder] if survey.heeds_user_folder else []
    for folder in dict.fromkeys((survey.site_folder, *survey.site_folders, *users)):
        try:
            removed += clear_folder(Path(folder), survey.cache_tag)
        except OSError as error:
            raise NotWritableError(folder, error.strerror or str(error)) from error
    return removed


def find_slot(survey: Survey) -> Path | None:
    """The slot through which plain starts of the interpreter come to Mainspring, or None."""
    for folder in (survey.user_folder, survey.site_folder, *survey.site_folders):
        for name in (SLOT_NAME, LINE_NAME):
            path = Path(folder, name)
            if folder in survey.path and is_own(path):
                return path
    return None


# ---- what is written ------------------------------------------------------------------------


def compose_slot(survey: Survey, folder: str) -> tuple[Path, str]:
    """The path and the text of the slot that fits.  Raises NoSlotError."""
    slot = Path(folder, SLOT_NAME)
    is_found = is_own(slot) and survey.sitecustomize == str(slot)
    if is_found or survey.finds_first(folder):
        stand_back = (PACKAGE / "slot" / "stand_back.py").read_text(encoding="utf-8")
        look = (PACKAGE / "slot" / "look.py").read_text(encoding="utf-8")
        return slot, f"{MARK}\n{NOTE}root = {ROOT!a}\n{look}\n{stand_back}"
    if survey.version[:2] > LAST_WITH_PTH_LINES:
        raise NoSlotError(survey.executable, str(survey.sitecustomize))
    return Path(folder, LINE_NAME), compose_line()


def compose_line() -> str:
    """The line that `site` runs where the slot is taken."""
    text = ascii(LINE_TEXT.format(root=ascii(ROOT)))
    return f"{LINE.format(text=text)}  {LINE_MARK}\n"


def check_package(survey: Survey, folder: str) -> None:
    """Raise UnsafePackageError if somebody could change what the interpreter's users would load."""
    owner = os.stat(folder).st_uid if os.path.exists(folder) else os.geteuid()
    trusted = {0, owner}
    for path in (*PACKAGE.parents, PACKAGE, *PACKAGE.rglob("*")):
        status = path.stat()
        is_shared = status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX
        if status.st_uid not in trusted or is_shared:
            raise UnsafePackageError(str(path), survey.executable)


def replace_text(path: Path, text: str) -> None:
    """Make *path* hold *text*, at once or not at all.  Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        # readable for whoever starts this interpreter, as the packages beside it are
        Path(temporary).chmod(path.parent.stat().st_mode & 0o444 | 0o200)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def precompile(survey: Survey, slot: Path) -> None:
    """Let the interpreter compile what each start loads: who starts it may not be able to.

    Best effort.
    """
    environment = {**os.environ, "MAINSPRING": "off"}
    paths = [str(PACKAGE), *([str(slot)] if slot.suffix == ".py" else [])]
    subprocess.run(
        [survey.executable, "-I", "-m", "compileall", "-q", *paths],
        env=environment,
        check=False,
        capture_output=True,
    )


# ---- what is removed ------------------------------------------------------------------------


def clear_folder(folder: Path, cache_tag: str) -> list[Path]:
    removed = [path for path in (folder / SLOT_NAME, folder / LINE_NAME) if remove_own(path)]
    if folder / SLOT_NAME in removed:
        for compiled in (folder / "__pycache__").glob(f"sitecustomize.{cache_tag}*.pyc"):
            compiled.unlink()
            removed.append(compiled)
        remove_if_empty(folder / "__pycache__")
    for temporary in folder.glob(f"{TEMPORARY_PREFIX}*"):
        temporary.unlink()
        removed.append(temporary)
    return removed


def remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        pass


def remove_own(path: Path) -> bool:
    """Remove *path* if enable wrote it; whether it did."""
    if not is_own(path):
        return False
    path.unlink()
    return True


def is_own(path: Path) -> bool:
    text = read_text(path)
    if path.name == LINE_NAME:
        return text.rstrip().endswith(LINE_MARK)
    return text.startswith(MARK)


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
