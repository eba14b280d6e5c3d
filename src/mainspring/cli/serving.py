"""`mainspring serve` answers requests with CGI scripts."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mainspring.cli.bounding import add_bounds
from mainspring.cli.output import print_lines
from mainspring.errors import BadArgumentsError
from mainspring.observe.text import escape_controls

if TYPE_CHECKING:
    from mainspring.gateway.addresses import Address
    from mainspring.gateway.listening import Access
    from mainspring.gateway.options import Options
    from mainspring.gateway.service import Listening

DEFAULT_HTTP = "127.0.0.1:8000"
#: purpose of an address, in the order in which they are told
FRONTS = ("fastcgi", "scgi", "http", "admin")


class Mode(click.ParamType[int]):
    """Who may do what with a file, in octal."""

    name = "mode"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value).removeprefix("0o")
        if not 0 < len(text) <= 4 or not set(text) <= set("01234567") or int(text, 8) > 0o777:
            self.fail(f"{value!r} is no mode of a socket: give three octal digits, as 660", param, ctx)
        return int(text, 8)


@click.command(epilog="Example: mainspring serve cgi-bin/ --fastcgi unix:/run/cgi.sock")
@click.argument("path", type=click.Path())
@click.option("--fastcgi", multiple=True, metavar="ADDR", help="Answer FastCGI there.")
@click.option("--scgi", multiple=True, metavar="ADDR", help="Answer SCGI there.")
@click.option("--http", multiple=True, metavar="ADDR",
              help="Answer HTTP there, with static files, for development; without another address, "
              f"on {DEFAULT_HTTP}.")  # fmt: skip
@click.option("--admin", multiple=True, metavar="ADDR",
              help="Answer /-/status, /-/ping and /-/metrics there.")  # fmt: skip
@click.option("--root", metavar="DIR", help="The folder that stands for / of the URL; else PATH.")
@click.option("--extension", "extensions", multiple=True, metavar=".EXT",
              help="What names of scripts end in; .py and .cgi without this.")  # fmt: skip
@click.option("--index", "indexes", multiple=True, metavar="NAME",
              help="The script for a folder itself; index.py and index.cgi without this.")  # fmt: skip
@click.option(
    "--env", "variables", multiple=True, metavar="NAME=VALUE", help="Give this to every script."
)
@click.option("--pass", "passed", multiple=True, metavar="NAME",
              help="Give scripts this variable of the front's, too.")  # fmt: skip
@click.option("--authorization", is_flag=True, help="Give scripts the client's Authorization.")
@click.option("--user", metavar="NAME", help="Run scripts as this user; needed if root starts this.")
@click.option("--socket-mode", type=Mode(), default="660", show_default=True, metavar="MODE",
              help="Who may connect to unix sockets, in octal.")  # fmt: skip
@click.option("--socket-group", metavar="GROUP", help="The group of unix sockets, as the front's.")
@click.option("--access-log", metavar="FILE", help="Log each request there; - is standard output.")
@click.option("--log-format", type=click.Choice(["combined", "json"]), default="combined",
              show_default=True, help="How each request is logged.")  # fmt: skip
@click.option("--error-log", metavar="FILE", default="-",
              help="Log there what scripts write to stderr; else to standard error.")  # fmt: skip
@click.option("--slow-log", metavar="FILE", default="-",
              help="Log slow requests there; else to standard error.")  # fmt: skip
@add_bounds
def serve(path: str, **given: Any) -> None:
    """Answer requests with the CGI script PATH, or with those in the folder PATH.

    An ADDR is unix:/PATH, PORT or HOST:PORT; the host is this machine if none is said.  Sockets of
    systemd's are taken by the names of their units' FileDescriptorName: fastcgi, scgi, http, admin.

    SIGTERM and ^C let requests be completed first, SIGHUP looks up anew what is served, SIGUSR1 opens
    logs anew.
    """
    from mainspring.gateway.service import Order, run

    addresses = read_addresses(given)
    access = read_access(given.pop("socket_mode"), given.pop("socket_group"))
    order = Order(read_options(path, given), addresses, ("http", read_address(DEFAULT_HTTP)), access)
    raise SystemExit(run(order, lambda listening: tell(order.options, listening)))


def read_address(text: str) -> "Address":
    from mainspring.gateway.addresses import parse_address

    return parse_address(text)


def read_addresses(given: dict[str, Any]) -> tuple[tuple[str, "Address"], ...]:
    """What each of FRONTS is to listen on.  Raises BadArgumentsError."""
    return tuple((front, read_address(text)) for front in FRONTS for text in given.pop(front))


def read_access(mode: int, group: str | None) -> "Access":
    """Raises BadArgumentsError."""
    from mainspring.gateway.account import find_group
    from mainspring.gateway.listening import Access

    return Access(mode) if group is None else Access(mode, find_group(group))


def read_options(path: str, given: dict[str, Any]) -> "Options":
    """Raises BadArgumentsError."""
    from mainspring.gateway.options import make_options

    for name in ("extensions", "indexes"):
        if not given[name]:
            del given[name]
    given["variables"] = dict(map(read_variable, given["variables"]))
    return make_options(os.fsdecode(path), os.environ, static=True, **given)


def read_variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise BadArgumentsError(f"{text!r} is no variable", "give NAME=VALUE")
    return name, value


def tell(options: "Options", listening: Sequence["Listening"]) -> None:
    """Say what is served, where, and how to end it."""
    print_lines(
        [
            f"serving {escape_controls(options.path)}",
            *(
                f"  {purpose:8}{escape_controls(show(purpose, one.address))}"
                for purpose, one in listening
            ),
            f"end with ^C, or `kill {os.getpid()}`",
        ]
    )


def show(purpose: str, address: "Address") -> str:
    """*address* as a user can go there."""
    text = str(address)
    if text.startswith("unix:"):
        return text
    return {"http": f"http://{text}/", "admin": f"http://{text}/-/status"}.get(purpose, text)
