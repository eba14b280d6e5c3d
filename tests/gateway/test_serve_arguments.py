"""Whatever cannot be served is refused in one line, before anything is."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import click
import pytest

from mainspring.cli.bounding import BOUND_OPTIONS
from mainspring.cli.serving import serve
from mainspring.gateway.bounds import Bounds, list_bounds
from mainspring.gateway.refusals import GATEWAY

from .service import OWN_USER

if TYPE_CHECKING:
    from .service import Scene


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("none",), "there is nothing at "),
        (("cgi", "--root", "/nowhere"), "does not lie below the root"),
        (("cgi", "--http", "h:x"), "'h:x' is no address; give unix:/PATH"),
        (("cgi", "--http", "unix:/nowhere/s"), "cannot listen on unix:/nowhere/s: No such file"),
        (("cgi", "--extension", "py"), "'py' is no extension; begin it with a dot"),
        (("cgi", "--env", "A"), "'A' is no variable; give NAME=VALUE"),
        (("cgi", "--env", "=A"), "'' cannot be an environment name; give NAME=VALUE"),
        (("cgi", "--pass", "PATH"), "PATH is no name that a front may set"),
        (("cgi", "--socket-mode", "999"), "'999' is no mode of a socket"),
        (("cgi", "--socket-mode", "4755"), "'4755' is no mode of a socket"),
        (("cgi", "--socket-group", "nobody-has-this"), "there is no group 'nobody-has-this'"),
        (("cgi", "--user", "nobody-has-this"), "there is no user 'nobody-has-this'"),
        (("cgi", "--max-body", "much"), "'much' is no size"),
        (("cgi", "--max-body", "0"), "'0' is no size"),
        (("cgi", "--max-body", "-1K"), "'-1K' is no size"),
        (("cgi", "--timeout", "0"), "0.0 is not in the range x>0"),
        (("cgi", "--timeout", "nan"), "'nan' is no number of seconds"),
        (("cgi", "--grace", "inf"), "'inf' is no number of seconds"),
        (("cgi", "--children", "0"), "0 is not in the range x>=1"),
        (("cgi", "--log-format", "xml"), "'xml' is not one of"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(
    scene: Scene, words: tuple[str, ...], said: str
) -> None:
    path, *options = words
    user = OWN_USER if "--user" not in options else ()
    address = () if "--http" in options else ("--http", f"unix:{scene.folder / 'http'}")
    refused = scene.refuse(scene.folder / path, *address, *user, *options)
    assert re.fullmatch(r"mainspring: [^\n]*; [^\n]*\n", refused), refused
    assert said in refused
    assert not os.path.lexists(scene.folder / "http")


def test_each_bound_has_an_option_that_sets_it() -> None:
    assert BOUND_OPTIONS.keys() == {name for name, *_ in list_bounds()}
    options = {one.name: one for one in serve.params if isinstance(one, click.Option)}
    context = click.Context(serve)
    for name, default, *_ in list_bounds():
        assert options[name].get_default(context) == default
        assert options[name].opts == [BOUND_OPTIONS[name].option]


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("128K", 128 << 10), ("5m", 5 << 20), ("1G", 1 << 30), ("2KB", 2 << 10)]
)
def test_a_size_is_bytes_or_has_a_unit(text: str, size: int) -> None:
    kind = BOUND_OPTIONS["body"].kind
    assert kind.convert(text, None, None) == size


def test_the_help_text_tells_each_default() -> None:
    context = click.Context(serve, info_name="serve", terminal_width=1000, max_content_width=1000)
    text = serve.get_help(context)
    assert "--max-body SIZE" in text
    assert re.search(r"--max-body SIZE +Body of a request; 413 beyond it; 128M without this\.", text)
    assert re.search(r"--timeout SECONDS +Seconds that a request may take; .*; 60 without this\.", text)
    assert str(os.cpu_count()) not in re.findall(r"--children.*", text)


def show(scene: Scene, target: str, *words: Any, **headers: str) -> dict[str, Any]:
    with scene.serve(*words) as service:
        shown: dict[str, Any] = json.loads(service.get(target, **headers))
    return shown


def test_variables_are_given_to_every_script(scene: Scene) -> None:
    shown = show(scene, "/show.py", "--env", "A=b=c", "--env", "EMPTY=")["env"]
    assert (shown["A"], shown["EMPTY"]) == ("b=c", "")


def test_extensions_and_indexes_are_those_that_are_given(scene: Scene) -> None:
    scene.write("x.cgi2", "print('Content-Type: text/plain\\n\\nx')\n")
    with scene.serve("--extension", ".cgi2", "--index", "x.cgi2") as service:
        assert [service.get(path) for path in ("/x.cgi2", "/")] == [b"x\n", b"x\n"]
        assert service.ask("GET", "/hello.py").status == 404


def test_a_root_stands_for_the_slash_of_the_url(scene: Scene) -> None:
    shown = show(scene, "/cgi/show.py/x", "--root", scene.folder)["env"]
    assert (shown["SCRIPT_NAME"], shown["PATH_TRANSLATED"]) == ("/cgi/show.py", f"{scene.folder}/x")


def test_a_relative_path_is_of_the_folder_that_one_is_in(scene: Scene) -> None:
    (scene.folder / "home" / "cgi").symlink_to(scene.cgi)
    through = ("env", "-C", str(scene.folder / "home"))
    with scene.serve(path="cgi", through=through) as service:  # type: ignore[arg-type]
        assert service.get("/hello.py") == b"hello\n"


def test_it_says_what_is_served_where_and_how_to_end_it(scene: Scene) -> None:
    with scene.serve() as service:
        assert service.said == (
            f"serving {scene.cgi}\n  http    unix:{service.path}\n"
            f"end with ^C, or `kill {service.process.pid}`\n"
        )


def test_bounds_of_an_application_have_the_same_names() -> None:
    from mainspring.gateway.options import make_options

    options = make_options("/", {}, seconds=3, body=5, extensions=[".x"])
    assert (options.bounds, options.extensions) == (Bounds(seconds=3, body=5), (".x",))


def test_each_option_that_a_remedy_names_is_one() -> None:
    options = {spelling for one in serve.params for spelling in one.opts}
    named = {word for row in GATEWAY.values() for word in re.findall(r"`(--[a-z-]+)`", row.remedy)}
    assert named
    assert named <= options
