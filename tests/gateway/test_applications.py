"""Whole applications answer as they do without a gateway: cold, recorded, warm, and in a kept process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.ground import make_ground
from gateway.likeness import Ask, assert_like_plain
from gateway.servers.applications import prepare_applications
from mainspring.gateway.bounds import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.ground import Ground

FLASK = """\
from wsgiref.handlers import CGIHandler

from flask import Flask, Response, jsonify, redirect, render_template_string, request

app = Flask(__name__)


@app.route("/", methods=["GET", "POST"])
def home():
    fields = sorted(request.form.items(multi=True))
    word = request.args.get("word")
    return render_template_string("<p>{{ word }} {{ fields }}</p>", word=word, fields=fields)


@app.route("/upload", methods=["POST"])
def take_upload():
    upload = request.files["upload"]
    return jsonify(name=upload.filename, size=len(upload.read()), url=request.url)


@app.route("/away")
def send_away():
    answer = redirect("/elsewhere")
    answer.set_cookie("seen", "yes")
    return answer


@app.route("/lines")
def stream():
    return Response((f"{number}\\n" for number in range(1000)), mimetype="text/plain")


@app.route("/broken")
def fail():
    raise ValueError("of the application")


CGIHandler().run(app)
"""
BOUNDARY = "a-boundary-that-nothing-has"
NAMED = 'Content-Disposition: form-data; name="upload"; filename="a file.bin"'
UPLOAD = b"".join(
    [
        f"--{BOUNDARY}\r\n{NAMED}\r\n\r\n".encode(),
        bytes(range(256)) * 8192,
        f"\r\n--{BOUNDARY}--\r\n".encode(),
    ]
)
PROCESSES = """\
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def square(number):
    return number * number


if __name__ == "__main__":
    found = []
    for way in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(way)
        with context.Pool(2) as pool:
            found.append(pool.map(square, range(5)))
        with ProcessPoolExecutor(2, context) as executor:
            found.append(list(executor.map(square, range(5))))
    with ThreadPoolExecutor(2) as executor:
        found.append(list(executor.map(square, range(5))))
    with multiprocessing.Manager() as manager:
        shared = manager.dict(answer=42)
        found.append(dict(shared))
    print("Content-Type: text/plain")
    print()
    print(found)
"""


@pytest.fixture(params=[0, 100], ids=["once", "reuse"])
def ground(tmp_path: Path, launcher: Path, request: pytest.FixtureRequest) -> Iterator[Ground]:
    python = prepare_applications() / "bin" / "python"
    with make_ground(tmp_path, python, launcher, Bounds(reuse=request.param)) as made:
        yield made


def ask_flask(path: str, body: bytes = b"", **params: str) -> Ask:
    return Ask("flask.cgi", body, {"PATH_INFO": path, **params})


def test_a_flask_application(ground: Ground) -> None:
    ground.write("flask.cgi", FLASK)
    assert_like_plain(
        ground,
        ask_flask("/", QUERY_STRING="word=%3Ctwo+words%3E"),
        ask_flask("/", b"a=1&a=2&b=%C3%A9", CONTENT_TYPE="application/x-www-form-urlencoded"),
        ask_flask("/upload", UPLOAD, CONTENT_TYPE=f"multipart/form-data; boundary={BOUNDARY}"),
        ask_flask("/away"),
        ask_flask("/lines"),
        ask_flask("/broken"),
        ask_flask("/absent"),
    )


def test_a_script_that_has_others_work_for_it(ground: Ground) -> None:
    """Those that are not forked import the script's file as a module of another name."""
    ground.write("processes.py", PROCESSES)
    assert_like_plain(ground, Ask("processes.py"))
