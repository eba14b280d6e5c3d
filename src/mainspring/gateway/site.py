"""What is served: a script, or the scripts below a folder; finds the one that a request is for.

| the path | answer |
|---|---|
| leads to a regular file; what follows is PATH_INFO | that script |
| of a folder, with a slash at its end | its index |
| of a folder, without that slash | folder (the client is sent there) |
| has a segment `.` or `..`, or a control character; REQUEST_URI with `%2f` | bad-path |
| has an empty segment before the script | bad-path |
| names nothing, a device, a dot file, or a file below a folder whose name begins with a dot | no-script |
| leads out of the folder, by links or as SCRIPT_FILENAME | outside-root |
| of a file with none of the extensions | not-a-script |
| of a file whose name begins with `nph-` | nph |
| of a file, or through a folder, that the gateway's user cannot read | not-readable |
| of a file that is no Python script (see interpreter.py) | not-python |

Names are compared as they are: case is never folded.  A script need not be executable: it is Python that
reads it.
"""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from mainspring.gateway.fronts import Asked, read_asked
from mainspring.gateway.interpreter import Interpreter, choose_interpreter
from mainspring.gateway.refusals import Refusal
from mainspring.gateway.tree import Place, Root, open_first
from mainspring.shebang import read_start

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_REMEMBERED = 4096
QUERY_SAFE = "!$%&'()*+,/:;=?@"
#: a file changed so lately may be changed again without its times telling
RACY_SECONDS = 2.0
Identity = tuple[int, int, int, int, int, int, int]


class Target(NamedTuple):
    """The script that a request is for, and how the URL names it."""

    script: str  # an absolute path, with no link in it
    script_name: str
    path_info: str
    mount: str  # the URL of what is at `base`: `mount` is to `script_name` as `base` is to the script
    base: str
    root: str  # what stands for `/` to PATH_TRANSLATED
    python: str | None  # the interpreter that its #! line names; None for the gateway's own
    options: tuple[str, ...]


class Named(NamedTuple):
    """A path of the file system to be looked up: a folder's name up to *start*, then the client's."""

    path: str
    start: int
    by_url: bool = False
    foreign: bool = False  # the front knows the folder by another name, so *start* is 0
    added: str = ""  # what was put behind the client's path


class Site:
    """One script at *path*, or all below the folder *path*; *root* stands for `/` of the URL."""

    def __init__(
        self,
        path: str,
        *,
        root: str | None = None,
        extensions: tuple[str, ...] = (".py", ".cgi"),
        index: tuple[str, ...] = ("index.py", "index.cgi"),
    ) -> None:
        self.served = Root(path)
        self.single = not os.path.isdir(path)
        folder = os.path.dirname(self.served.path) if self.single else self.served.path
        self.root = os.path.abspath(root) if root is not None else folder
        self._prefixes = [name.rstrip("/") for name in (self.root, folder, os.path.realpath(folder))]
        self._index = index
        self._extensions = extensions
        endings = "|".join(re.escape(one) for one in extensions)
        self._likely_end = re.compile(rf"(?<=[^/])(?:{endings})(?=/|$)")
        self._known: dict[str, tuple[Identity, Interpreter | None]] = {}

    def find(self, params: Mapping[str, str]) -> Target:
        """The script for *params*.  Raises Refusal."""
        asked = read_asked(params)
        if self.single:
            return self._find_single(asked)
        return self._find_named(asked, self._name(asked))

    def _name(self, asked: Asked) -> Named:
        """The path to look up: what the front names as a file, or what the URL is below the root."""
        root = self._prefixes[0]
        if asked.filename is None:
            return Named(root + asked.url, len(root), by_url=True)
        named = self._name_file(asked.filename)
        if named.foreign and asked.proxied:
            return Named(root + asked.filename, len(root))
        return named

    def _name_file(self, filename: str) -> Named:
        """The path of a file that a front names; its configuration may have doubled a slash."""
        for prefix in self._prefixes:
            if filename.startswith(prefix + "/"):
                return Named(f"{prefix}/{filename[len(prefix) :].lstrip('/')}", len(prefix))
        return Named("/" + filename.lstrip("/"), 0, foreign=True)

    def _open(self, named: Named) -> Place:
        likely = self._likely_end.search(named.path, named.start)
        return open_first(named.path, named.start, likely.end() if likely else 0)

    def _find_named(self, asked: Asked, named: Named) -> Target:
        place = self._open(named)
        try:
            if place.is_folder:
                return self._find_index(asked, named, place)
            self._check_place(named, place)
            self._check_name(os.path.basename(named.path[: place.end]))
            return self._make_target(asked, named, place)
        finally:
            os.close(place.descriptor)

    def _find_index(self, asked: Asked, named: Named, place: Place) -> Target:
        self._check_place(named, place)
        if named.added:
            raise Refusal("no-script", f"a folder: {named.path!r}")
        if not named.path.endswith("/"):
            raise Refusal("folder", named.path, (("Location", add_slash(asked)),))
        for name in self._index:
            try:
                return self._find_named(asked, named._replace(path=named.path + name, added=name))
            except Refusal as refusal:
                if refusal.word != "no-script":
                    raise
        raise Refusal("no-script", f"a folder without an index: {named.path!r}")

    def _check_place(self, named: Named, place: Place) -> None:
        """Refuse what is hidden, or is none of what is served."""
        below = self.served.locate(place.path + "/")
        if below is None:
            raise Refusal("outside-root", f"{named.path[: place.end]!r} is {place.path!r}")
        asked = "" if named.foreign else named.path[named.start : place.end]
        if "/." in below or "/." in asked:
            raise Refusal("no-script", f"a hidden name: {named.path[: place.end]!r}")

    def _check_name(self, name: str) -> None:
        if not name.endswith(self._extensions):
            raise Refusal("not-a-script", name)

    def _make_target(self, asked: Asked, named: Named, place: Place) -> Target:
        interpreter = self._read_interpreter(place, os.path.basename(named.path[: place.end]))
        script_name, path_info = split_url(asked, named, place.end)
        mount, base = find_mount(named, place.end, script_name)
        return Target(place.path, script_name, path_info, mount, base, self.root, *interpreter)

    def _read_interpreter(self, place: Place, name: str) -> Interpreter:
        """What is to run the script that *place* is; read anew when it may have changed."""
        check_kind(place, name)
        status = place.status
        identity = identify(status)
        known = self._known.get(place.path)
        if known is None or known[0] != identity:
            known = identity, choose_interpreter(read_beginning(place), place.path)
            if time.time() - status.st_ctime > RACY_SECONDS:
                self._remember(place.path, known)
        if known[1] is None:
            raise Refusal("not-python", place.path)
        return known[1]

    def _remember(self, path: str, known: tuple[Identity, Interpreter | None]) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[path] = known

    def _find_single(self, asked: Asked) -> Target:
        """The one script, whatever is asked for: only what the URL calls it is to be found out."""
        path = self.served.path
        place = open_first(path, len(path), len(path))
        try:
            interpreter = self._read_interpreter(place, os.path.basename(path))
        finally:
            os.close(place.descriptor)
        script_name, path_info = self._split_by_file(asked, place.path) or split_mount(asked, path)
        if "//" in script_name:
            raise Refusal("bad-path", f"an empty segment: {script_name!r}")
        return Target(place.path, script_name, path_info, script_name, path, self.root, *interpreter)

    def _split_by_file(self, asked: Asked, script: str) -> tuple[str, str] | None:
        """The URL's two parts, if the front names the script's file."""
        if asked.filename is None:
            return None
        named = self._name_file(asked.filename)
        try:
            place = self._open(named)
        except Refusal:
            return None
        os.close(place.descriptor)
        return split_url(asked, named, place.end) if place.path == script else None


def identify(status: os.stat_result) -> Identity:
    return (
        status.st_dev,
        status.st_ino,
        status.st_mode,
        status.st_uid,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def check_kind(place: Place, name: str) -> None:
    if not place.is_file:
        raise Refusal("no-script", f"no regular file: {place.path!r}")
    if name.startswith("nph-") or os.path.basename(place.path).startswith("nph-"):
        raise Refusal("nph", place.path)


def read_beginning(place: Place) -> bytes:
    """The first lines of the very file that was looked at.  Raises Refusal."""
    try:
        return read_start(f"/proc/self/fd/{place.descriptor}")
    except OSError as error:
        raise Refusal("not-readable", f"{place.path}: {error.strerror}") from None


def add_slash(asked: Asked) -> str:
    """The path of the folder that was asked for, as a client is told it."""
    path = quote(asked.url.strip("/").encode("utf-8", "surrogateescape"), safe="/")
    query = quote(asked.query.encode("utf-8", "surrogateescape"), safe=QUERY_SAFE)
    return f"/{path}/?{query}" if query else f"/{path}/"


def split_url(asked: Asked, named: Named, end: int) -> tuple[str, str]:
    """SCRIPT_NAME and PATH_INFO, when the script's name on the path ends at *end*.  Raises Refusal."""
    rest = named.path[end:]
    if named.by_url:
        script_name = named.path[named.start : end]
    else:
        script_name, rest = split_front(asked, os.path.basename(named.path[:end]), rest)
        script_name += named.added if script_name.endswith("/") else ""
    if "//" in script_name:
        raise Refusal("bad-path", f"an empty segment: {script_name!r}")
    return script_name, rest


def split_front(asked: Asked, name: str, rest: str) -> tuple[str, str]:
    """The two parts as the front has them, where *rest* follows the script in the file's path."""
    given = asked.path_info or ""
    whole = asked.script_name if asked.script_name is not None else "" if given else asked.url
    if rest and rest != given * 2:
        given = rest
    stripped = whole.removesuffix(given)
    if not asked.path_info or stripped.endswith("/" + name):
        whole = stripped
    return whole, given


def split_mount(asked: Asked, path: str) -> tuple[str, str]:
    """The two parts where one script is behind some path of the URL, and the front names no file."""
    name = "/" + os.path.basename(path)
    script_name = asked.script_name or ""
    if not script_name:
        found = asked.url == name or asked.url.startswith(name + "/")
        return (name, asked.url[len(name) :]) if found else ("", asked.url)
    if asked.path_info is not None:
        return split_front(asked, name[1:], "")
    before, found_name, after = (script_name + "/").partition(name + "/")
    return (before + name, ("/" + after)[:-1]) if found_name else ("", script_name)


def find_mount(named: Named, end: int, script_name: str) -> tuple[str, str]:
    """The URL of the served folder, and the folder's name; of the script itself if that is unclear."""
    below = named.path[named.start : end]
    if not named.foreign and script_name.endswith(below):
        return script_name.removesuffix(below), named.path[: named.start]
    return script_name, named.path[:end]
