"""What the user's cache holds, or why there is none to look at."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from mainspring.codecache.bound import find_bound
from mainspring.codecache.inventory import list_entries
from mainspring.observe.starts import Starts, read_starts
from mainspring.places import Refused, open_folder
from mainspring.reasons import REASONS
from mainspring.settings import find_cache_folder

#: how things stand with the cache, if no reason of the table says it
CONDITIONS = {
    "in-use": "it holds entries",
    "empty": "it holds no entries yet",
    "none-yet": "the first start that keeps an entry makes it",
}


@dataclass(frozen=True)
class Holdings:
    """The cache: its folder, what is in it and how large it may grow; sizes in bytes."""

    path: str | None
    condition: str
    entries: int = 0
    size: int = 0
    bound: int | None = None

    def explain(self) -> str:
        reason = REASONS.get(self.condition)
        return CONDITIONS[self.condition] if reason is None else reason.meaning


def take_stock(environment: Mapping[str, str]) -> tuple[Holdings, Starts]:
    """What the cache holds, and what it has counted.  Raises nothing that can be foreseen."""
    path = find_cache_folder(environment)
    if path is None:
        return Holdings(None, "no-cache-folder"), Starts()
    try:
        root = open_folder(path, (os.geteuid(),))
    except FileNotFoundError:
        return Holdings(path, "none-yet"), Starts()
    except Refused as refused:
        return Holdings(path, refused.reason), Starts()
    try:
        return count_holdings(path, root, environment), read_starts(root)
    except OSError:
        return Holdings(path, "no-access"), Starts()
    finally:
        os.close(root)


def count_holdings(path: str, root: int, environment: Mapping[str, str]) -> Holdings:
    """Raises OSError."""
    sizes = [item.size for item in list_entries(root)]
    condition = "in-use" if sizes else "empty"
    return Holdings(path, condition, len(sizes), sum(sizes), find_bound(root, environment))
