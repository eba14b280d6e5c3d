"""`mainspring clean` removes entries from the user's cache."""

import json
import os
import sys
import time
from typing import Any

import click

from mainspring.codecache.bound import SETTING
from mainspring.observe.cleaning import Freed, Request, clean_cache
from mainspring.observe.quantities import count, format_size, parse_age
from mainspring.observe.scripts import Scripts, show
from mainspring.observe.usercache import check_writable, find_cache_path, keep_limit, open_user_cache
from mainspring.reasons import REASONS
from mainspring.settings import parse_size, read_size

DEFAULT = "default"


def read_age(_context: click.Context, _option: click.Parameter, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_age(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}: a number with s, m, h, d or w, as in 30d") from None


def read_limit(_context: click.Context, _option: click.Parameter, text: str | None) -> str | int | None:
    if text is None or text == DEFAULT:
        return text
    try:
        return parse_size(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}: bytes, or with K, M or G, as in 200M") from None


@click.command(epilog="Example: mainspring clean --older-than 30d --dry-run")
@click.argument("scripts", metavar="[SCRIPT]...", nargs=-1, type=click.Path())
@click.option("--all", "everything", is_flag=True, help="All entries, of all builds.  Counts are kept.")
@click.option(
    "--older-than",
    "age",
    metavar="AGE",
    callback=read_age,
    help="Those not used for so long: 90s, 15m, 12h, 30d, 2w.  A last use is known to a day.",
)
@click.option(
    "--max-size",
    "limit",
    metavar="SIZE",
    callback=read_limit,
    help="The least recently used, until the rest fits into 200M, say.  The limit holds from then on; "
    "`default` takes it back.",
)
@click.option("--beside", is_flag=True, help="Also the entries in the __pycache__ beside each SCRIPT.")
@click.option("--dry-run", is_flag=True, help="Remove nothing; say what would be.")
@click.option("--json", "as_json", is_flag=True, help="Print it for programs to read.")
def clean(as_json: bool, **options: Any) -> None:
    """Remove entries from your cache.

    Without anything else, what is of no use any more: entries of scripts and interpreters that are gone,
    files that a killed start left half written, and empty folders.  With SCRIPT, the entries of those
    scripts, of all builds and options; with --older-than as well, those of them for which both is true.
    Starts may go on meanwhile.  The exit status is 1 if something could not be removed.
    """
    check_options(**options)
    request = make_request(**options)
    if not request.dry_run:
        check_writable(os.environ)
    freed = carry_out(request, options["limit"])
    click.echo(
        json.dumps(describe(freed, request), indent=2) if as_json else format_freed(freed, request)
    )
    if not as_json:
        tell_failures(freed)
    sys.exit(1 if freed.failures else 0)


def check_options(*, everything: bool, scripts: tuple[str, ...], beside: bool, **others: Any) -> None:
    """Raise BadArgumentsError for what makes no sense together."""
    if everything and (scripts or others["age"] is not None or others["limit"] is not None):
        raise click.UsageError("--all goes with no SCRIPT, --older-than or --max-size.")
    if scripts and others["limit"] is not None:
        raise click.UsageError("--max-size is of the whole cache: it goes with no SCRIPT.")
    if beside and (not scripts or others["age"] is not None):
        raise click.UsageError("--beside goes with a SCRIPT, and not with --older-than.")


def make_request(
    *, scripts: tuple[str, ...], age: float | None, limit: str | int | None, **flags: bool
) -> Request:
    keep = read_size(os.environ, SETTING) if limit == DEFAULT else limit
    return Request(
        scripts=Scripts(map(os.fsdecode, scripts)),
        unused_since=None if age is None else time.time() - age,
        keep=None if keep is None else int(keep),
        **flags,
    )


def carry_out(request: Request, limit: str | int | None) -> Freed:
    is_new = limit is not None and not request.dry_run
    with open_user_cache(os.environ, make=is_new) as root:
        if is_new and root is not None:
            keep_limit(root, None if limit == DEFAULT else request.keep)
        return clean_cache(root, request)


# ---- telling of it --------------------------------------------------------------------------


def describe(freed: Freed, request: Request) -> dict[str, Any]:
    return {
        "dry_run": request.dry_run,
        "entries": freed.entries,
        "temporary_files": freed.temporary_files,
        "bytes": freed.size,
        "kept_entries": freed.kept_entries,
        "kept_bytes": freed.kept_size,
        "limit": request.keep,
        "failures": [
            {"path": path, "reason": reason, **REASONS[reason]._asdict()}
            for path, reason in freed.failures
        ],
    }


def format_freed(freed: Freed, request: Request) -> str:
    things = count(freed.entries, "entry", "entries")
    if freed.temporary_files:
        things += f" and {count(freed.temporary_files, 'temporary file')}"
    would = "would free" if request.dry_run else "freed"
    kept = f"{count(freed.kept_entries, 'entry', 'entries')}, {format_size(freed.kept_size)}"
    text = f"{would} {things}, {format_size(freed.size)}; {kept}, stay"
    return text if request.keep is None else f"{text}\n{format_limit(request)}"


def format_limit(request: Request) -> str:
    assert request.keep is not None
    would = "would be" if request.dry_run else "is"
    text = f"the cache {would} kept under {format_size(request.keep)} from now on"
    if SETTING in os.environ:
        text += f", by starts that are not told otherwise, as by the {SETTING} set here"
    return text


def tell_failures(freed: Freed) -> None:
    cache = find_cache_path(os.environ)
    for path, reason in freed.failures:
        row = REASONS[reason]
        whole = show(os.path.join(cache, path))
        click.echo(f"mainspring: left {whole}: {row.meaning}; {row.remedy}", err=True)
