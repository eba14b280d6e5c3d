"""Everything that `doctor` can find: one table of stable names, meanings and remedies.

In a remedy, {subject} is what the finding is about.
"""

import os
from dataclasses import dataclass

from mainspring.observe.shims import STATES
from mainspring.reasons import Row

ENABLE_AGAIN = "mainspring enable --python {subject}"

FINDINGS: dict[str, Row] = {
    # the interpreters that `#!` lines use, and those that are enabled
    "no-python": Row("`#!/usr/bin/env python3` finds no interpreter", "put one on PATH"),
    "not-enabled": Row(
        "starts of this interpreter do not come past Mainspring",
        "mainspring enable --python {subject}, or start programs with `mainspring run`",
    ),
    "not-asked": Row(
        "somebody else could change this interpreter, so it was not asked",
        "let it, and the folders that lead to it, be root's or yours, and writable by nobody else",
    ),
    "old-python": Row("the interpreter is older than 3.11", "use a newer one"),
    "not-cpython": Row("the interpreter is not CPython", "use CPython, of 3.11 or newer"),
    "not-working": Row("it does not work as a Python interpreter", "start it by hand: it says why"),
    "no-answer": Row(
        "the interpreter did not answer in time", "start it by hand: its sitecustomize may hold it up"
    ),
    "no-native": Row(
        "the native module cannot be loaded in this interpreter", "install Mainspring for it"
    ),
    "sitecustomize-raises": Row("a sitecustomize of this interpreter raises", "mend it, or remove it"),
    "slot-outdated": Row("its slot is not what this release of Mainspring would write", ENABLE_AGAIN),
    "slot-package-gone": Row(
        "its slot leads to a package that is no longer there",
        ENABLE_AGAIN + ", or `mainspring disable` likewise",
    ),
    "slot-shadowed": Row("another sitecustomize is found before its slot", ENABLE_AGAIN),
    "slot-passed-over": Row(
        "its slot is there, but a start does not come past it",
        "look for an option of the `#!` line, a PYTHON variable or a sitecustomize that is in the way",
    ),
    "unsafe-package": Row(
        "somebody else can change the code that this interpreter would load",
        "install Mainspring where only root or the interpreter's owner can write",
    ),
    "stands-aside": Row("every start of this interpreter stands aside", "see the reason"),
    "internal-error": Row("Mainspring failed in a start", "report it"),
    # what is set
    "off": Row("MAINSPRING turns everything off", "unset MAINSPRING"),
    "dont-write-bytecode": Row(
        "PYTHONDONTWRITEBYTECODE is set: starts use entries, and keep none",
        "unset PYTHONDONTWRITEBYTECODE",
    ),
    "read-only": Row(
        "MAINSPRING_READONLY is set: starts use entries, and keep none", "unset MAINSPRING_READONLY"
    ),
    "relative-path": Row("a relative path counts as unset", "give an absolute one in {subject}"),
    "unreadable-size": Row(
        "it is no size: the default is used", "give bytes, or a number with K, M or G, in {subject}"
    ),
    "unreadable-number": Row("it is no number: the default is used", "give a whole number in {subject}"),
    "unclear-word": Row("it is neither on nor off, and counts as on", "give `on` or `off` in {subject}"),
    "no-such-python": Row(
        "the interpreter that every `mainspring run` is to start is not there",
        "mend it, or unset {subject}",
    ),
    "unknown-setting": Row("there is no such setting", "see `man mainspring` for those that there are"),
    # the cache
    "no-cache-folder": Row(
        "neither HOME nor another setting says where the cache is", "set MAINSPRING_CACHE_DIR"
    ),
    "other-owner": Row("it belongs to somebody else", "check HOME, or set MAINSPRING_CACHE_DIR"),
    "writable-by-others": Row("others than its owner can write to it", "chmod go-w {subject}"),
    "not-a-folder": Row(
        "a file or a link is where a folder of the cache belongs", "remove it, or move the cache"
    ),
    "no-access": Row("the file system refuses access", "give yourself access to it: chmod u+rwx"),
    "disk-full": Row("there is no room to write an entry", "free some space, or move the cache"),
    "read-only-file-system": Row("the cache is on a read-only file system", "move the cache"),
    "network-file-system": Row(
        "the cache is on a network file system: each look waits for another machine",
        "set MAINSPRING_CACHE_DIR to a folder of a local disk",
    ),
    "clock-skew": Row(
        "the clock of the cache's file system is not the system's: changes to scripts cannot be dated",
        "set the clocks, or set MAINSPRING_CACHE_DIR to a folder of a local disk",
    ),
    "entries-in-the-future": Row(
        "entries were last used in the future: the sweep cannot tell which to remove",
        "check the clock; `touch` sets them right",
    ),
    "script-in-the-future": Row(
        "a script was last changed in the future: each start has to read it again",
        "check the clock; `touch {subject}` sets it right",
    ),
    "untrusted-entries": Row(
        "somebody else could have written entries, or the folders that lead to them",
        "remove them, or give them to yourself and take write access from others",
    ),
    "counts-unreadable": Row("the counts of starts cannot be read", "remove {subject}: they begin anew"),
    # warm starts
    "no-runtime-folder": Row(
        "the folder for recipes and hosts cannot be used: every start is cold",
        "set XDG_RUNTIME_DIR to a folder of your own, of mode 0700",
    ),
    "shims-not-on-path": Row(
        "there are shims, and their folder is not on PATH", 'export PATH="$(mainspring shims):$PATH"'
    ),
    # what becomes of a start by a shim, if not a warm one
    **{f"shim-{state}": row for state, row in STATES.items() if state not in {"warm", "not-on-path"}},
}


@dataclass(frozen=True)
class Finding:
    """Something that is in the way: a row of the table, what it is about, and what was seen."""

    name: str
    subject: str
    detail: str | None = None

    @property
    def meaning(self) -> str:
        return FINDINGS[self.name].meaning

    @property
    def remedy(self) -> str:
        name = os.path.basename(self.subject)
        return FINDINGS[self.name].remedy.replace("{subject}", self.subject).replace("{name}", name)

    def list_facts(self) -> dict[str, str | None]:
        """The finding as `doctor --json` prints it."""
        return {
            "finding": self.name,
            "subject": self.subject,
            "detail": self.detail,
            "meaning": self.meaning,
            "remedy": self.remedy,
        }
