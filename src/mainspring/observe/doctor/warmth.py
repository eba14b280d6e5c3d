"""Looks for what keeps starts from being warm: shims that start nothing warm, no folder for hosts."""

import os
from collections.abc import Iterator, Mapping

from mainspring.observe.doctor.findings import Finding
from mainspring.observe.shims import Shim, find_shims
from mainspring.places import Refused
from mainspring.reasons import REASONS
from mainspring.settings import find_data_folder
from mainspring.warm.runtime import open_runtime_folder


def list_shims_of(environment: Mapping[str, str]) -> list[Shim]:
    data = find_data_folder(environment)
    return [] if data is None else find_shims(data, environment)


def examine_warm_starts(shims: list[Shim], environment: Mapping[str, str]) -> Iterator[Finding]:
    """What keeps *shims* from starting commands warm."""
    if not shims:
        return
    try:
        os.close(open_runtime_folder(environment))
    except Refused as refused:
        yield Finding("no-runtime-folder", refused.path, REASONS[refused.reason].meaning)
    folders = {os.path.dirname(shim.link) for shim in shims if shim.state == "not-on-path"}
    for folder in folders:
        yield Finding("shims-not-on-path", folder)
    for shim in shims:
        if shim.state not in {"warm", "not-on-path"}:
            yield Finding(f"shim-{shim.state}", shim.link, shim.detail)
