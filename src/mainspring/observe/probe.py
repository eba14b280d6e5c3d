# Run in the interpreter that a start would take: works out the plan of that start as the hook would, and
# prints it.  Up to the version check, this is Python 2 and 3.
#
#     python [options] -c PROBE PACKAGE SCRIPT
import sys

# what stands in the folder that the user happens to be in is not imported
sys.path[:] = [entry for entry in sys.path if entry]

import json
import os


def main(package, *arguments):
    facts = {
        "interpreter": sys.executable,
        "version": ".".join(map(str, sys.version_info[:3])),
        "outcome": "old-python",
        "reason": "old-python",
        "verdict": None,
        "looks": [],
    }
    if sys.version_info >= (3, 11):
        facts.update(work_out(package, arguments))
    print(json.dumps(facts))


def work_out(package, arguments):
    from _frozen_importlib import _load
    from _frozen_importlib_external import spec_from_file_location

    # as `site` would have found them, before this probe began
    options = sys.orig_argv[1 : sys.orig_argv.index("-c")]
    sys.argv[:] = arguments
    sys.orig_argv[:] = [sys.executable] + options + list(arguments)
    spec = spec_from_file_location(
        "mainspring", package + "/_start.py", submodule_search_locations=[package]
    )
    start = _load(spec)
    plan = start.plan_start(os.environ)
    return {
        "script": plan.script,
        "variant": plan.variant,
        "outcome": plan.outcome,
        "verdict": plan.verdict,
        "reason": plan.reason,
        "looks": [describe_look(start, plan, look) for look in plan.looks],
    }


def describe_look(start, plan, look):
    return {
        "place": look.place,
        "path": look.path,
        "verdict": look.verdict,
        "reason": look.reason,
        "compared": compare(start, plan.source, look.entry) if look.entry else {},
    }


def compare(start, source, entry):
    """What was compared: (in the entry, of the script now)."""
    names = ("size", "mtime_ns", "ctime_ns", "inode", "device")
    now = start.sign_source(source.status)
    if entry.is_image:
        names = names[:2]
        now = start.sign_image(source.status, is_racy=False)
    compared = {
        name: [
            int.from_bytes(entry.signature[8 * i : 8 * i + 8], "little"),
            int.from_bytes(now[8 * i : 8 * i + 8], "little"),
        ]
        for i, name in enumerate(names)
    }
    if source.was_read:
        compared["content"] = [
            bytes(entry.source_hash).hex(),
            start.hash_source(source.read()).hex(),
        ]
    return compared


main(*sys.argv[1:])
