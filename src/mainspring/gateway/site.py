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
from typing import TYPE_CHECKING, NamedTuple

from mainspring.gateway.fronts import Asked, PlainName, read_asked, read_plain_name
from mainspring.gateway.interpreter import MOST_REMEMBERED, Interpreters
from mainspring.gateway.looking import may_hang
from mainspring.gateway.naming import Named, add_slash, find_mount, split_mount, split_url
from mainspring.gateway.refusals import Refusal
from mainspring.gateway.tree import Place, Root, open_first, open_place

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class Look(NamedTuple):
    """What was found at *path* while that, and the root, were at these two places."""

    path: str
    places: tuple[str, str]
    interpreter: tuple[str | None, tuple[str, ...]]
    target: Target


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
        self.may_hang = may_hang(path)
        self.single = not os.path.isdir(path)
        folder = os.path.dirname(self.served.path) if self.single else self.served.path
        self.root = os.path.abspath(root) if root is not None else folder
        self._prefixes = [name.rstrip("/") for name in (self.root, folder, os.path.realpath(folder))]
        self._index = index
        self._extensions = extensions
        endings = "|".join(re.escape(one) for one in extensions)
        self._likely_end = re.compile(rf"(?<=[^/])(?:{endings})(?=/|$)")
        self._interpreters = Interpreters()
        self._looks: dict[PlainName | None, Look] = {}

    def find(self, params: Mapping[str, str]) -> Target:
        """The script for *params*.  Raises Refusal."""
        name = read_plain_name(params)
        look = self._looks.get(name)
        target = None if look is None else self._find_again(look)
        return target or self._find_anew(params, name)

    def _find_again(self, look: Look) -> Target | None:
        """What was found before, if its path leads to the same place; None if not."""
        try:
            place = open_place(look.path, len(look.path))
        except (OSError, ValueError):
            return None
        try:
            is_same = (place.path, self.served.resolve()) == look.places and place.is_file
            return look.target if is_same and self._interpreters.find(place) == look.interpreter else None
        finally:
            os.close(place.descriptor)

    def _find_anew(self, params: Mapping[str, str], name: PlainName | None) -> Target:
        asked = read_asked(params)
        if self.single:
            return self._find_single(asked)
        named = self._name(asked)
        target = self._find_named(asked, named)
        if name is not None and not target.path_info and not named.path.endswith("/"):
            if len(self._looks) >= MOST_REMEMBERED:
                self._looks.clear()
            places = target.script, self.served.resolve()
            self._looks[name] = Look(named.path, places, (target.python, target.options), target)
        return target

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
            if (filename + "/").startswith(prefix + "/"):
                rest = filename[len(prefix) :]
                return Named(prefix + "/" * bool(rest) + rest.lstrip("/"), len(prefix))
        return Named("/" + filename.lstrip("/"), 0, foreign=True)

    def _open(self, named: Named) -> Place:
        likely = self._likely_end.search(named.path, named.start)
        return open_first(named.path, named.start, likely.end() if likely else 0)

    def _find_named(self, asked: Asked, named: Named) -> Target:
        place = self._open(named)
        try:
            if place.is_folder:
                return self._find_below(asked, named, place)
            self._check_place(named, place)
            self._check_name(os.path.basename(named.path[: place.end]))
            return self._make_target(asked, named, place)
        finally:
            os.close(place.descriptor)

    def _find_below(self, asked: Asked, named: Named, place: Place) -> Target:
        """What a folder stands for: what PATH_INFO leads to, if no front has looked, or its index."""
        self._check_place(named, place)
        if asked.path_info and not named.by_url:
            joined = named._replace(path=named.path.rstrip("/") + asked.path_info)
            return self._find_named(asked._replace(script_name=asked.url, path_info=None), joined)
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
        check_kind(place, os.path.basename(named.path[: place.end]))
        interpreter = self._interpreters.find(place)
        script_name, path_info = split_url(asked, named, place.end)
        mount, base = find_mount(named, place.end, script_name)
        return Target(place.path, script_name, path_info, mount, base, self.root, *interpreter)

    def _find_single(self, asked: Asked) -> Target:
        """The one script, whatever is asked for: only what the URL calls it is to be found out."""
        path = self.served.path
        place = open_first(path, len(path), len(path))
        try:
            check_kind(place, os.path.basename(path))
            interpreter = self._interpreters.find(place)
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


def check_kind(place: Place, name: str) -> None:
    if not place.is_file:
        raise Refusal("no-script", f"no regular file: {place.path!r}")
    if name.startswith("nph-") or os.path.basename(place.path).startswith("nph-"):
        raise Refusal("nph", place.path)
