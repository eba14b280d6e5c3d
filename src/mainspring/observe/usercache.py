"""The user's cache as the commands open it: trusted, or refused with the reason."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from mainspring.codecache.bound import set_limit
from mainspring.codecache.writer import REASONS as WRITE_REASONS
from mainspring.errors import ReadOnlyError, UnusableCacheError
from mainspring.places import Refused, make_cache_folder, open_folder
from mainspring.reasons import REASONS, Reason
from mainspring.settings import find_cache_folder, is_read_only


@contextmanager
def open_user_cache(environment: Mapping[str, str], *, make: bool = False) -> Iterator[int | None]:
    """A descriptor of the user's cache; None where there is none yet, unless it is to be made.

    Raises UnusableCacheError.
    """
    root = find_root(find_cache_path(environment), make)
    try:
        yield root
    finally:
        if root is not None:
            os.close(root)


def find_cache_path(environment: Mapping[str, str]) -> str:
    """Raises UnusableCacheError where no setting leads to a cache."""
    path = find_cache_folder(environment)
    if path is None:
        raise refuse_cache("of this user", "no-cache-folder")
    return path


def find_root(path: str, make: bool) -> int | None:
    user = os.geteuid()
    try:
        return make_cache_folder(path, user) if make else open_folder(path, (user,))
    except FileNotFoundError:
        return None
    except Refused as refused:
        raise refuse_cache(path, refused.reason) from None
    except OSError as error:
        raise refuse_cache(path, name_failure(error)) from error


def refuse_cache(path: str, reason: Reason) -> UnusableCacheError:
    row = REASONS[reason]
    return UnusableCacheError(path, row.meaning, row.remedy)


def name_failure(error: OSError) -> Reason:
    """The row of the table of reasons that *error* of the file system comes under."""
    return WRITE_REASONS.get(error.errno, "no-access")


def find_obstacle(action: Callable[[], None]) -> Reason | None:
    """Do *action*, such as removing a file; the reason that stood against it, or None.

    Raises FileNotFoundError: another process was faster.
    """
    try:
        action()
    except FileNotFoundError:
        raise
    except Refused as refused:
        return refused.reason
    except OSError as error:
        return name_failure(error)
    return None


def check_writable(environment: Mapping[str, str]) -> None:
    """Raise ReadOnlyError where the user's settings forbid writing."""
    if is_read_only(environment):
        raise ReadOnlyError


def keep_limit(root: int, size: int | None) -> None:
    """Keep the cache open at *root* under *size* bytes from now on.  Raises UnusableCacheError."""
    try:
        set_limit(root, size)
    except OSError as error:
        raise refuse_cache(find_cache_path(os.environ), name_failure(error)) from error
