"""The entries of scripts: whether they are current, and keeping them, in the cache or beside.

They are what a start would have made.  For a read-only image they name no inode and no time of the
machine that built it, and say that whoever owns them vouches for them.
"""

import os
import stat
from typing import TYPE_CHECKING

from mainspring.ahead.bytecode import replace_named
from mainspring.ahead.request import Request
from mainspring.ahead.way import choose_mode, open_way
from mainspring.codecache.bound import find_bound
from mainspring.codecache.compiler import keep_warnings
from mainspring.codecache.entry import (
    Damaged,
    Entry,
    decode_entry,
    encode_entry,
    hash_source,
    sign_image,
    sign_source,
)
from mainspring.codecache.key import locate_beside, name_variant
from mainspring.codecache.lookup import (
    RACY_NS,
    Cache,
    Look,
    Source,
    describe_identity,
    look_beside,
    look_in_cache,
)
from mainspring.codecache.sweep import sweep_all
from mainspring.codecache.writer import keep_entry, renew_entry
from mainspring.errors import NoCacheFolderError
from mainspring.places import Refused
from mainspring.reasons import Reason
from mainspring.settings import find_cache_folder, read_size

if TYPE_CHECKING:
    from mainspring.ahead.job import Outcome

#: entries kept at once, from which on the cache is swept afterwards
SWEPT_AFTER = 100
CATEGORIES = {
    kind.__name__: kind for kind in (SyntaxWarning, DeprecationWarning, PendingDeprecationWarning)
}


class EntryKeeper:
    """Keeps entries where the request wants them."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.is_beside = request.beside or request.image
        self.user = os.geteuid()
        folder = find_cache_folder(os.environ)
        if folder is None and not self.is_beside:
            raise NoCacheFolderError
        self.cache = Cache(folder or "", self.user)
        self.least_size = read_size(os.environ, "MAINSPRING_MIN_SIZE")
        self.variants = tuple(name_variant(os.environ, level) for level in request.sorted_levels)
        self.kept = 0

    def find_obstacle(self, status: os.stat_result) -> Reason | None:
        """Why a script with that *status* is left alone, or None."""
        if status.st_size < self.least_size:
            return "small"
        if self.is_beside and not has_place_beside(self.variants):
            return "no-place-beside"
        return None

    def is_current(self, source: Source, name_in_code: str) -> bool:
        """Whether a start of *source* would find a hit now, under each level of optimisation.

        What it would have to renew is renewed now.
        """
        try:
            return all(self.look(source, variant, name_in_code) for variant in self.variants)
        except (Refused, OSError):
            return False

    def look(self, source: Source, variant: str, name_in_code: str) -> bool:
        if self.request.image:
            return is_image_current(source, variant, name_in_code)
        if self.is_beside:
            look: Look | None = look_beside(source, variant, self.user)
        else:
            look = look_in_cache(source, variant, self.cache)
        if look is None or look.code is None or look.entry is None or look.entry.is_image:
            return False
        if self.is_beside and look.code.co_filename != name_in_code:
            return False
        if look.verdict == "refreshed":
            renew_entry(look.entry, source)
            self.write(look.entry, source, variant)
        return True

    def keep(self, source: Source, outcome: "Outcome", name_in_code: str) -> None:
        """Keep what compiling *source* gave.  Raises Refused or OSError."""
        codes, recorded, modules, nanoseconds, _ = outcome
        warnings = keep_warnings(
            [
                (text, CATEGORIES.get(category, Warning), name, line)
                for category, text, name, line in recorded
            ],
            name_in_code,
        )
        for variant, code in zip(self.variants, codes, strict=True):
            entry = Entry(
                code_bytes=code,
                source_hash=hash_source(source.read()),
                signature=sign_source(source.status),
                read_at=source.read_at,
                compile_ns=nanoseconds,
                warnings=warnings,
                modules=modules,
            )
            self.write(entry, source, variant)
            self.kept += 1

    def write(self, entry: Entry, source: Source, variant: str) -> None:
        if self.request.image:
            make_image_entry(entry, source)
        if self.is_beside:
            write_beside(entry, source, variant)
            return
        reason = keep_entry(entry, source, variant, self.cache)
        if reason is not None:
            raise Refused(reason, self.cache.path)

    def finish(self) -> None:
        """Keep the cache under its bound, if much was put into it."""
        if self.kept >= SWEPT_AFTER and self.cache.descriptor >= 0:
            sweep_all(self.cache.descriptor, find_bound(self.cache.descriptor, os.environ))
        self.cache.close()


def has_place_beside(variants: tuple[str, ...]) -> bool:
    return all(locate_beside("/script", variant) is not None for variant in variants)


def make_image_entry(entry: Entry, source: Source) -> None:
    """Take out of *entry* what only holds on this machine."""
    entry.is_image = True
    mtime_is_new = source.status.st_mtime_ns > source.read_at - RACY_NS
    entry.signature = sign_image(source.status, is_racy=mtime_is_new)
    entry.read_at = 0
    if os.environ.get("SOURCE_DATE_EPOCH"):
        entry.compile_ns = 0  # the same bytes at each build


def write_beside(entry: Entry, source: Source, variant: str) -> None:
    """Write *entry* into the `__pycache__` beside the script, for whoever may read that.

    Raises OSError.
    """
    place = locate_beside(source.path, variant)
    assert place is not None
    folder, name = place
    descriptor = open_way(folder, follow_last=False)
    try:
        mode = stat.S_IRUSR | stat.S_IWUSR | choose_mode(source.path, source.status) & 0o044
        content = encode_entry(entry, describe_identity(variant))
        replace_named(descriptor, f"{folder}/{name}", content, mode)
    finally:
        os.close(descriptor)


def is_image_current(source: Source, variant: str, name_in_code: str) -> bool:
    """Whether a start of *source* would find a hit in the image's entry, whoever owns it now.

    Raises OSError, or Refused.
    """
    place = locate_beside(source.path, variant)
    assert place is not None
    with open("/".join(place), "rb") as file:
        content = file.read()
    try:
        entry = decode_entry(content, describe_identity(variant))
        is_named_so = entry.load_code().co_filename == name_in_code
    except Damaged:
        return False
    is_same = entry.source_hash == hash_source(source.read())
    is_hit = entry.signature == sign_image(source.status, is_racy=False)
    return entry.is_image and is_named_so and is_same and is_hit


def form_path(path: str) -> str:
    """The absolute path of a script as a start of it would form it, if it is typed plainly."""
    folder, name = os.path.split(path)
    folder = os.path.realpath(folder) if ".." in folder.split("/") else os.path.abspath(folder)
    return os.path.join(folder, name)
