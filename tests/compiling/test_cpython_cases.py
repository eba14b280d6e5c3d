"""CPython's own cases for the command line of `compileall` hold for `mainspring compile`."""

from __future__ import annotations

import os
import shutil
import tempfile
import unittest
from unittest import mock

from test import support
from test import test_compileall as cases  # noqa: TID251, RUF100 - a missing test-suite is a failure
from test.support import script_helper

COMPILEALL = ["-m", "compileall"]
COMPILE = ["-m", "mainspring", "compile"]
assert_python_ok = script_helper.assert_python_ok


def call_compile(*arguments: str, **environment: str) -> object:
    """What CPython's case calls, with this command in the place of `compileall`."""
    words = list(arguments)
    place = words.index("-m") if "-m" in words else len(words)
    if words[place : place + 2] == COMPILEALL:
        words[place : place + 2] = COMPILE
    return assert_python_ok(*words, **environment)


class Adapted:
    """Calls `python -m mainspring compile`, with a home of its own.

    Without -S: that would hide the environment that it is installed in.
    """

    def setUp(self) -> None:
        super().setUp()
        home = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, home)
        self.enterContext(mock.patch.dict(os.environ, {"HOME": home}))
        self.enterContext(mock.patch.object(script_helper, "assert_python_ok", call_compile))

    def _get_run_args(self, args: list[str]) -> list[str]:
        return [*support.optim_args_from_interpreter_flags(), *COMPILE, *args]

    def test_workers_available_cores(self) -> None:
        """Left out: it looks into `compileall.main`, and calls no command."""


class TestWithSourceEpoch(Adapted, cases.CommandLineTestsWithSourceEpoch, source_date_epoch=True):
    pass


class TestNoSourceEpoch(Adapted, cases.CommandLineTestsNoSourceEpoch, source_date_epoch=False):
    pass


def test_each_of_the_cases_is_there() -> None:
    loader = unittest.TestLoader()
    for adapted in (TestWithSourceEpoch, TestNoSourceEpoch):
        assert len(loader.getTestCaseNames(adapted)) > 25
