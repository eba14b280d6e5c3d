"""The fronts: each with the configuration of the documentation, in what Debian's package has around it.

Only paths and ports are others than an operator's: `changes` says which.  `around/` has, for each file of
the documentation, a main configuration that includes it as `site`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from .processes import AS_NOBODY, find_port, find_server, make_own_folder, run_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCUMENTED: Final = Path(__file__).parents[3] / "docs" / "howto" / "frontends"
AROUND: Final = Path(__file__).with_name("around")
SCRIPTS: Final = "/srv/cgi"
SOCKET: Final = "/run/mainspring/cgi.sock"


@dataclass(frozen=True)
class Front:
    """A web server, as it is set up before the gateway."""

    name: str
    documented: str  # the file
    command: str  # split at spaces; `{folder}` is the front's own
    changes: Mapping[str, str]  # of the documented file, `{port}` and `{address}` to be filled in
    protocol: Literal["fastcgi", "scgi"] = "fastcgi"
    is_tcp: bool = False

    def write_site(self, scripts: Path, fields: Mapping[str, str]) -> str:
        """The documented file with this test's paths."""
        text = (DOCUMENTED / self.documented).read_text(encoding="utf-8")
        place = {} if self.is_tcp else {SOCKET: fields["address"]}
        for old, new in {**self.changes, SCRIPTS: str(scripts), **place}.items():
            assert old in text, f"{self.documented} has no {old}"
            text = text.replace(old, fill(new, fields))
        return text

    @contextmanager
    def run(self, parent: Path, scripts: Path, address: str) -> Iterator[int]:
        """The port at which the server answers while it runs, with its folder in *parent*."""
        words = self.command.split()
        server = find_server(words[0])
        folder, port = make_own_folder(parent, self.name), find_port()
        fields = {"folder": str(folder), "port": str(port), "address": address.removeprefix("unix:")}
        (folder / "site").write_text(self.write_site(scripts, fields))
        (folder / "main").write_text(fill((AROUND / self.documented).read_text(), fields))
        command = [*AS_NOBODY, server, *(fill(word, fields) for word in words[1:])]
        with run_server(command, folder, f"127.0.0.1:{port}", environment=make_environment(folder)):
            yield port


def name_front(front: Front) -> str:
    return front.name


def fill(text: str, fields: Mapping[str, str]) -> str:
    """*text* with its fields: `str.format` would take every brace for one."""
    for name, value in fields.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def make_environment(folder: Path) -> dict[str, str]:
    return {"PATH": "/usr/sbin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(folder)}


NGINX: Final = Front(
    "nginx",
    "nginx.conf",
    "nginx -c {folder}/main -e stderr",
    {"listen 80": "listen 127.0.0.1:{port}", "include ": "include /etc/nginx/"},
)
APACHE: Final = Front(
    "apache", "apache-fcgi.conf", "apache2 -f {folder}/main -DFOREGROUND", {"*:80": "*:{port}"}
)
HAPROXY: Final = Front(
    "haproxy",
    "haproxy.cfg",
    "haproxy -db -f {folder}/main -f {folder}/site",
    {"bind :80": "bind 127.0.0.1:{port}"},
)
FRONTS: Final = (
    NGINX,
    APACHE,
    Front(
        "apache-tcp",
        APACHE.documented,
        APACHE.command,
        {
            **APACHE.changes,
            f"unix:{SOCKET}|fcgi://mainspring": "fcgi://{address}",
            "fcgi://mainspring": "fcgi://{address}",
        },
        is_tcp=True,
    ),
    Front("apache-scgi", "apache-scgi.conf", APACHE.command, APACHE.changes, "scgi"),
    Front("lighttpd", "lighttpd.conf", "lighttpd -D -f {folder}/main", {}),
    HAPROXY,
    replace(HAPROXY, name="haproxy-single", changes={**HAPROXY.changes, "    option mpxs-conns\n": ""}),
    Front(
        "caddy",
        "Caddyfile",
        "caddy run --config {folder}/main --adapter caddyfile",
        {":80 {": ":{port} {"},
    ),
)
