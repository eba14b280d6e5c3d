"""Holds entries against what compiling their source gives, in the interpreter that made them.

    input  := (ENTRY NUL SCRIPT NUL)*         ENTRY relative to the cache, or absolute beside SCRIPT
    output := header (result LF)*
    header := JSON of {"build": str, "variant": str} LF
    result := JSON of a finding, one for each ENTRY, in their order

Entries are checked in children: compiling may load modules, which a fresh start would load again, so that
the next entry is for another child; and a script may be more than the compiler can take.  checker.py runs
this.
"""

import io
import json
import marshal
import os
import sys
from types import CodeType

from mainspring.codecache.compiler import compile_script
from mainspring.codecache.entry import Damaged, Entry, decode_entry, hash_source
from mainspring.codecache.key import name_build, name_variant
from mainspring.codecache.lookup import Source, describe_identity
from mainspring.observe.beside import find_owners, open_beside
from mainspring.observe.verify.codeparts import take_apart
from mainspring.observe.verify.findings import Finding
from mainspring.places import Refused, open_folder, open_tree, read_trusted_file

# `site` loads it for any .pth file (3.13): a start that made an entry may have had it before
LOADED_BY_SITE = {"encodings.utf_8_sig"}


class Stop(Exception):
    """The check of an entry has come to its finding."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding)


def check_entries(cache: str) -> None:
    """Answer for each entry on standard input.  Raises OSError or Refused for *cache*."""
    variant = name_variant(os.environ)
    say({"build": name_build(), "variant": variant})
    root = open_folder(cache, (os.geteuid(),)) if cache else -1
    names = [os.fsdecode(name) for name in sys.stdin.buffer.read().split(b"\0")]
    subjects = list(zip(names[:-1:2], names[1::2], strict=True))
    while subjects:
        findings = check_apart(root, subjects, variant)
        for finding in findings:
            say(finding)
        del subjects[: len(findings)]


def say(answer: object) -> None:
    os.write(1, json.dumps(answer).encode() + b"\n")


def check_apart(root: int, subjects: list[tuple[str, str]], variant: str) -> list[str]:
    """The findings of a child, one at least; `not-checked` for what it did not live to tell."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            tell_findings(writer, root, subjects, variant)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with open(reader, encoding="ascii") as answers:
        findings = answers.read().split()
    _, status = os.waitpid(child, 0)
    return [*findings, "not-checked"][: len(subjects)] if status else findings


def tell_findings(writer: int, root: int, subjects: list[tuple[str, str]], variant: str) -> None:
    """Check one after the other, until this process is not as a fresh start any more."""
    loaded = set(sys.modules)
    for path, script in subjects:
        os.write(writer, check_entry(root, path, script, variant).encode() + b"\n")
        if set(sys.modules) != loaded:
            break


def check_entry(root: int, path: str, script: str, variant: str) -> Finding:
    """What the entry at *path* is, held against compiling *script*."""
    try:
        entry, stored = read_stored(root, path, script, variant)
        return compare(entry, stored, read_source(entry, script))
    except Stop as stop:
        return stop.finding


def read_stored(root: int, path: str, script: str, variant: str) -> tuple[Entry, CodeType]:
    """The entry at *path* and its code, if they are whole and a start would trust them.  Raises Stop."""
    try:
        entry = decode_entry(read_trusted(root, path, script), describe_identity(variant))
        return entry, entry.load_code()
    except FileNotFoundError:
        raise Stop("gone") from None
    except (OSError, Refused):
        raise Stop("untrusted") from None
    except Damaged as damaged:
        raise Stop("foreign" if damaged.verdict == "foreign" else "corrupt") from None


def read_source(entry: Entry, script: str) -> bytes:
    """The source of *entry*, if it is as it was.  Raises Stop."""
    try:
        content = Source(script).read()
    except (FileNotFoundError, NotADirectoryError):
        raise Stop("orphan") from None
    except (OSError, Refused):
        raise Stop("no-source") from None
    if hash_source(content) != entry.source_hash:
        raise Stop("outdated")
    return content


def read_trusted(root: int, path: str, script: str) -> bytes:
    """The content of an entry that a start would trust.  Raises Refused or OSError."""
    owners = {os.geteuid()}
    *folders, name = path.split("/")
    if path.startswith("/"):
        owners = find_owners(script)
        folder = open_beside(script)
    else:
        folder = open_tree(root, folders, owners)
    content, _ = read_trusted_file(folder, name, owners)
    return content


def compare(entry: Entry, stored: CodeType, content: bytes) -> Finding:
    """What in *entry*, whose code is *stored*, is not as compiling *content* gives it."""
    loaded = set(sys.modules)
    # whatever name its code was told, a start gives it that of the script
    try:
        code, warnings, modules, _ = compile_script(content, stored.co_filename)
    except Refused:
        return "does-not-compile" if knows_encoding(content) else "unknown-encoding"
    if marshal.dumps(code) != entry.code_bytes and take_apart(code) != take_apart(stored):
        return "code"
    if warnings != entry.warnings:
        return "warnings"
    if set(entry.modules) - loaded - LOADED_BY_SITE != set(modules) - LOADED_BY_SITE:
        return "modules"
    return "same"


def knows_encoding(content: bytes) -> bool:
    """Whether this interpreter has the codec that a source says it is in: one may be of a package."""
    from tokenize import detect_encoding

    try:
        detect_encoding(io.BytesIO(content).readline)
    except SyntaxError as error:
        return "unknown encoding" not in str(error)
    return True
