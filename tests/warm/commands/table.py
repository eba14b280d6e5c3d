"""What is started of each command: its ordinary use, and some that fails."""

from __future__ import annotations

import pickle
from typing import Final

from .scenes import Scene, step

BAD: Final = "import os,sys\nx = {  'a':1,\n'b':2 }\ndef f(a,):\n  return   a\n"
GOOD: Final = 'x = {"a": 1}\n'

#: of this century's day and time
TIME: Final = rb"20\d\d-\d\d-\d\d \d\d:\d\d(?::[\d.]+)?"

#: black remembers the files that need no change; Django starts it if it is there
BLACK_CACHE: Final = r"home/\.cache/black/[^/]*/cache\.[^/]*\.pickle"


def read_black_cache(content: bytes) -> bytes:
    """What is remembered, but for the times of files, and the order in which black came to them."""
    remembered = pickle.loads(content)  # noqa: S301 - black wrote it just now
    return repr(sorted((path, *facts[1:]) for path, facts in remembered.items())).encode()


BLACK: Final = Scene(
    "black",
    (
        step("--version"),
        step("--check bad.py"),
        step("--check good.py"),
        step("--diff bad.py"),
        step("--diff --color bad.py"),
        step("-", stdin=BAD.encode()),
        step("-q -", stdin=b"def f(:\n"),
        step("--config black.toml --diff bad.py"),
        step("-c", "x   = 1"),
        step("--check missing.py"),
        step("--no-such-option"),
        step("--help"),
        step("bad.py"),
        step("--check bad.py"),
        step("--check ."),
        step("--line-length 20 sub", files={"sub/a.py": BAD, "sub/b.py": "x = 1\n"}),
    ),
    {"bad.py": BAD, "good.py": GOOD, "black.toml": "[tool.black]\nskip-string-normalization = true\n"},
    varying=(TIME,),
    readers={BLACK_CACHE: read_black_cache},
)

HTTP: Final = Scene(
    "http",
    (
        step("--version"),
        step("--offline GET example.invalid/path a==1 X-Name:value"),
        step("--offline --print=HB POST example.invalid name=value number:=3"),
        step("--offline --form POST example.invalid name=value"),
        step("--offline --pretty=all POST example.invalid name=value"),
        step("--offline PUT example.invalid", stdin=b'{"from": "stdin"}'),
        step("--offline -a user:word GET example.invalid"),
        step("--offline --session=one GET example.invalid X-Kept:yes"),
        step("--offline --session=one GET example.invalid"),
        step("--offline --style=nothing GET example.invalid"),
        step("--help"),
        step(""),
        step("--no-such-option GET x"),
        step("GET http://127.0.0.1:1/"),
    ),
    varying=(rb"at 0x[0-9a-f]+", rb'"updated_at": "[^"]+"'),
)

ANSIBLE: Final = Scene(
    "ansible",
    (
        step("--version"),
        step("localhost -c local -m debug -a msg=hello"),
        step(
            "localhost -c local -m debug -a", "msg={{ lookup('env', 'GREETING') }}", GREETING="good day"
        ),
        step("localhost -c local -m ping"),
        step("localhost -c local -m command -a", "cat told", files={"told": "so\n"}),
        step("localhost -c local -m copy -a", "content=text dest=made mode=0600"),
        step("localhost -c local -m fail"),
        step("all -i hosts --list-hosts"),
        step("missing -i hosts --list-hosts"),
        step("--no-such-option"),
        step("--help"),
    ),
    {"hosts": "[group]\none\ntwo name=value\n"},
    varying=(
        rb"ansible-tmp-[\d.]+-\d+-\d+",
        rb"ansible-local-\w+",
        rb'"(?:start|end|delta)": "[^"]*"',
    ),
)

ANSIBLE_INVENTORY: Final = Scene(
    "ansible-inventory",
    (
        step("-i hosts --list"),
        step("-i hosts --graph --vars"),
        step("-i hosts --host two"),
        step("-i hosts --list --yaml"),
        step("-i hosts --host three"),
    ),
    ANSIBLE.files,
    varying=ANSIBLE.varying,
)

ANSIBLE_DOC: Final = Scene(
    "ansible-doc",
    (step("-t callback -l"), step("ping"), step("-s ping"), step("missing_module"), step("-j debug")),
    varying=ANSIBLE.varying,
)

PIP: Final = Scene(
    "pip",
    (
        step("--version"),
        step("list"),
        step("list --format=json"),
        step("show black click"),
        step("show no-such-package"),
        step("--help"),
        step("install --help"),
        step("install ./missing"),
        step("install --no-index no-such-package"),
        step("config list"),
        step("check"),
        step("freeze"),
        step("hash file", files={"file": "text"}),
        step("no-such-command"),
    ),
    env={"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
)

PYCODESTYLE: Final = Scene(
    "pycodestyle",
    (
        step("--version"),
        step("good.py"),
        step("bad.py"),
        step("--statistics --count -qq ."),
        step("--show-source bad.py"),
        step("--first --ignore=E2 bad.py"),
        step("missing.py"),
        step("-", stdin=BAD.encode()),
        step("--help"),
        step("--no-such-option"),
    ),
    {"bad.py": BAD, "good.py": GOOD},
)

YT_DLP: Final = Scene(
    "yt-dlp",
    (
        step("--version"),
        step("--help"),
        step(""),
        step("--no-such-option"),
        step("--ignore-config --proxy http://127.0.0.1:1 --retries 0 http://example.invalid/"),
    ),
)

SETTINGS: Final = {"plainsettings.py": "SECRET_KEY = 'x'\nUSE_TZ = True\n"}
DJANGO: Final = Scene(
    "django-admin",
    (
        step("version"),
        step("help"),
        step("help startproject"),
        step("startproject site1 made", files={"made/.keep": ""}),
        step("startproject 1x"),
        step("startapp things"),
        step("check"),
        step("check --settings=site1.settings --pythonpath=made"),
        step("check --deploy --settings=plainsettings --pythonpath=."),
        step("migrate --settings=site1.settings --pythonpath=made"),
        step("showmigrations --settings=site1.settings --pythonpath=made"),
        step("diffsettings --settings=plainsettings --pythonpath=."),
        step("shell --settings=plainsettings --pythonpath=. -c", "print(1 + 1)"),
        step("no-such-command"),
    ),
    SETTINGS,
    varying=(rb"django-insecure-[^'\"]+", TIME, rb"<generator .*?>"),
    unread=(r".*\.sqlite3", r".*\.pyc", BLACK_CACHE),  # of settings with a random key
)

PASSING: Final = """\
import os

import pytest

@pytest.mark.parametrize("one", [1, 2])
def test_adds(one, tmp_path, capsys, monkeypatch):
    print("said")
    assert capsys.readouterr().out == "said\\n"
    assert one + 1 > one

def test_reads_the_environment():
    assert os.environ["HOME"]
"""
FAILING: Final = "def test_fails():\n    left, right = {'a': 1}, {'a': 2}\n    assert left == right\n"
PYTEST: Final = Scene(
    "pytest",
    (
        step("--version"),
        step("test_passing.py"),
        step("-v test_passing.py"),
        step("test_failing.py"),
        step("-x --tb=short"),
        step("--lf"),
        step("-p no:cacheprovider -k adds -q"),
        step("--collect-only -q"),
        step("--fixtures"),
        step("missing.py"),
        step("--no-such-option"),
        step("-s -q test_passing.py --junit-xml=report.xml"),
        step("-q test_broken.py", files={"test_broken.py": "def ("}),
    ),
    {"test_passing.py": PASSING, "test_failing.py": FAILING, "pytest.ini": "[pytest]\n"},
    varying=(rb"in \d+\.\d+s", rb'(?:time|timestamp|hostname)="[^"]*"', rb"pytest-of-\w+"),
)

SCENES: Final = (
    BLACK, HTTP, ANSIBLE, ANSIBLE_INVENTORY, ANSIBLE_DOC, PIP, PYCODESTYLE, YT_DLP, DJANGO, PYTEST,
)  # fmt: skip
