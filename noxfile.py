"""The tests on every CPython that the machine has, and what takes long."""

import nox

PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.15"]
# what the shell around may have set would test something else
CLEARED = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPATH", "PYTHONHOME")

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["lint", "docs", "tests"]


def install(session: nox.Session, *extras: str) -> None:
    session.env.update(dict.fromkeys(CLEARED))
    session.install(f".[{','.join(extras)}]" if extras else ".")


@nox.session
def lint(session: nox.Session) -> None:
    """Hold the code against ruff, mypy --strict and the C compiler."""
    session.run("make", "lint", external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation, every warning an error."""
    install(session, "docs")
    out = session.posargs or [f"{session.create_tmp()}/html"]
    session.run("python", "-m", "sphinx", "-W", "--keep-going", "-n", "-E", "docs", *out)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests against the installed wheel."""
    install(session, "test")
    session.run("pytest", "-n", "2", *session.posargs)


@nox.session(python=PYTHONS)
def cpython(session: nox.Session) -> None:
    """Run CPython's own tests with the hook off and on, and compare their failures."""
    install(session)
    session.run("python", "bench/cpython_suite.py", *session.posargs)


@nox.session(python=PYTHONS)
def fuzz(session: nox.Session) -> None:
    """Read a million mutated entries, and as many frames of callers and streams of fronts."""
    install(session)
    session.run("python", "fuzz/fuzz_entry.py", "--runs", "1000000", *session.posargs)
    session.run("python", "fuzz/fuzz_protocol.py", "--runs", "1000000", *session.posargs)
    session.run("python", "fuzz/fuzz_gateway.py", "--runs", "1000000", *session.posargs)


@nox.session
@nox.parametrize("reader", ["launcher", "request"])
def fuzz_sanitized(session: nox.Session, reader: str) -> None:
    """Read a million mutated replies and recipes, and as many requests, under the sanitizers."""
    session.run("python", "fuzz/sanitized.py", reader, "1000000", *session.posargs)


@nox.session
def long(session: nox.Session) -> None:
    """Kill and race ten thousand starts, cold and warm, and draw other examples for each law."""
    install(session, "test")
    long_form = {"MAINSPRING_LONG": "1"}
    folders = ["tests/processes", "tests/property", "tests/warm"]
    session.run("pytest", *folders, *session.posargs, env=long_form)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure every claim of speed."""
    install(session)
    session.run("python", "bench/starts.py", *session.posargs)
    session.run("python", "bench/ahead.py")
    session.run("python", "bench/sweep.py")
    session.run("python", "bench/warm.py")
