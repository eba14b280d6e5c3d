"""What a command reads around it, in two states: an environment name, or a file of settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from .scenes import Step, step
from .table import BAD, GOOD, PASSING, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Change:
    """A start that is made with one thing around it in two states; either state shows."""

    name: str
    program: str
    step: Step
    env: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    files_of: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    files: Mapping[str, str] = field(default_factory=dict)  # the same in both


def by_name(program: str, start: Step, name: str, *values: str | None) -> Change:
    """A *start* with an environment name that has, in turn, two values; None: it is unset."""
    one, other = ({} if value is None else {name: value} for value in values)
    return Change(f"{program}: {name}", program, start, (one, other))


def by_file(program: str, start: Step, file: str, *texts: str, **env: str) -> Change:
    """A *start* with a *file* that has, in turn, two texts."""
    one, other = ({file: text} for text in texts)
    return Change(f"{program}: {file}", program, start, (env, env), (one, other))


def with_files(change: Change, files: Mapping[str, str]) -> Change:
    return replace(change, files=files)


LIBRARY: Final = "[defaults]\nlibrary = {}\n"
DEBUG: Final = step("localhost -c local -m debug -a msg=hello")
TWO_SETTINGS: Final = {"one.py": "SECRET_KEY = 'one'\n", "other.py": "SECRET_KEY = 'other'\n"}
PIP_LIST: Final = step("list", PIP_DISABLE_PIP_VERSION_CHECK="1")

#: a name and a file of each
CHANGES: Final = (
    with_files(by_name("black", step("-q --check a.py b.py"), "BLACK_NUM_WORKERS", None, "x"),
               {"a.py": BAD, "b.py": BAD}),
    by_file("black", step("-", stdin=b"x = 'a' + 'b'\n"), "pyproject.toml", "[tool.black]\n",
            "[tool.black]\nline-length = 6\nskip-string-normalization = true\n"),
    with_files(by_name("http", step("--offline GET example.invalid"), "HTTPIE_CONFIG_DIR",
                       "{work}/one", "{work}/other"),
               {"one/config.json": '{"default_options": ["--print=H"]}',
                "other/config.json": '{"default_options": ["--verbose", "--form"]}'}),
    by_file("http", step("--offline POST example.invalid a=b"), "config/config.json",
            '{"default_options": []}', '{"default_options": ["--form"]}',
            HTTPIE_CONFIG_DIR="{work}/config"),
    by_name("ansible", DEBUG, "ANSIBLE_FORCE_COLOR", None, "1"),
    by_file("ansible", step("--version"), "ansible.cfg", LIBRARY.format("a"), LIBRARY.format("b")),
    by_name("pip", PIP_LIST, "PIP_FORMAT", None, "freeze"),
    by_file("pip", PIP_LIST, "pip.conf", "[list]\nformat = freeze\n", "[list]\nformat = json\n",
            PIP_CONFIG_FILE="{work}/pip.conf"),
    by_file("pycodestyle", step("bad.py", files={"bad.py": BAD}), "setup.cfg", "[pycodestyle]\n",
            "[pycodestyle]\nignore = E2,E4\nstatistics = true\n"),
    with_files(by_name("pycodestyle", step("bad.py"), "XDG_CONFIG_HOME", "{work}/one", "{work}/other"),
               {"bad.py": BAD, "one/pycodestyle": "[pycodestyle]\nignore = E2\n"}),
    with_files(by_name("yt-dlp", step("http://example.invalid/"), "XDG_CONFIG_HOME",
                       "{work}/one", "{work}/other"),
               {"one/yt-dlp/config": "--version\n", "other/yt-dlp/config": "--no-such-option\n"}),
    by_file("yt-dlp", step("--config-locations yt.conf"), "yt.conf", "--version\n", "--no-such\n"),
    with_files(by_name("django-admin", step("diffsettings --pythonpath=."), "DJANGO_SETTINGS_MODULE",
                       "one", "other"), TWO_SETTINGS),
    by_file("django-admin", step("diffsettings --pythonpath=. --settings=plainsettings"),
            "plainsettings.py", SETTINGS["plainsettings.py"], "SECRET_KEY = 'other'\n"),
    with_files(by_name("pytest", step("-p no:cacheprovider test_a.py"), "PYTEST_ADDOPTS", None,
                       "--collect-only"), {"test_a.py": PASSING}),
    by_file("pytest", step("test_a.py", files={"test_a.py": PASSING}), "pytest.ini",
            "[pytest]\naddopts = -v\n", "[pytest]\naddopts = --no-such\n"),
    with_files(by_name("hg", step("config ui", HGRCPATH="{work}/rc"), "HGPLAIN", None, "1"),
               {"rc": "[ui]\nverbose = yes\nusername = one\n"}),
    by_file("hg", step("help -q", "-e", "rebase"), "../home/.hgrc", "[extensions]\nrebase =\n", "\n"),
)  # fmt: skip

MORE_CHANGES: Final = (
    with_files(by_name("black", step("--check a.py"), "BLACK_CACHE_DIR", "{work}/one", "{work}/other"),
               {"a.py": GOOD}),
    by_name("ansible", step("localhost -c local -m missing"), "ANSIBLE_FORCE_COLOR", None, "1"),
    with_files(by_name("ansible", step("--version"), "ANSIBLE_CONFIG",
                       "{work}/one.cfg", "{work}/other.cfg"),
               {"one.cfg": LIBRARY.format("one"), "other.cfg": LIBRARY.format("other")}),
    by_name("ansible", step("--version"), "ANSIBLE_HOME", "{work}/one", "{work}/other"),
    by_name("pip", step("config list"), "PIP_INDEX_URL", "http://one.invalid", "http://other.invalid"),
    by_name("django-admin", step("help"), "DJANGO_SETTINGS_MODULE", None, "no_such"),
    with_files(by_name("pytest", step("-q test_a.py"), "FORCE_COLOR", None, "1"), {"test_a.py": PASSING}),
    with_files(by_name("pytest", step("-q test_a.py", FORCE_COLOR="1"), "NO_COLOR", None, "1"),
               {"test_a.py": PASSING}),
    by_name("hg", step("debuginstall"), "HGENCODING", "ascii", "latin-1"),
    with_files(by_name("hg", step("config ui.username"), "HGRCPATH", "{work}/one.rc", "{work}/other.rc"),
               {"one.rc": "[ui]\nusername = one\n", "other.rc": "[ui]\nusername = other\n"}),
    by_name("hg", step("debuginstall"), "HGEDITOR", "one", "other"),
)  # fmt: skip
