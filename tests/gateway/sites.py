"""Folders of scripts, and what a site says of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainspring.gateway.refusals import Refusal
from mainspring.gateway.site import Site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mainspring.gateway.refusals import Word
    from mainspring.gateway.site import Target

SCRIPT = "print('Content-Type: text/plain\\n')\n"


def write_script(path: Path, text: str = SCRIPT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def find(root: Path, url: str) -> Target:
    """The script of *root* for a front that names no file, and does not split the path."""
    return Site(str(root)).find({"SCRIPT_NAME": url})


def refuse(site: Site, params: Mapping[str, str]) -> Word:
    """The word with which *site* refuses *params*."""
    with pytest.raises(Refusal) as caught:
        site.find(params)
    return caught.value.word
