"""Tells whether somebody else could put another program in a program's place.

Every folder that leads to it is judged, and every link on the way: who can write to one of them
decides what is run.
"""

import grp
import os
import pwd
import stat

from mainspring.reasons import Reason

MOST_LINKS = 40


def find_distrust(path: str) -> tuple[Reason, str] | None:
    """Why the program at the absolute *path* is not to be run, and the place that is to blame.

    None if only root and the user can change what is run.  Raises OSError.
    """
    current, rest, links = "/", split_path(path), 0
    while True:
        status = os.lstat(current)
        reason = judge_place(status)
        if reason is not None:
            return reason, current
        if stat.S_ISLNK(status.st_mode):
            links += 1
            if links > MOST_LINKS:
                raise OSError(f"{path}: too many links")
            rest = split_path(os.readlink(current)) + rest
            current = "/" if os.readlink(current).startswith("/") else os.path.dirname(current)
        elif not rest:
            return None
        else:
            part = rest.pop(0)
            current = os.path.dirname(current) if part == ".." else os.path.join(current, part)


def split_path(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]


def judge_place(status: os.stat_result) -> Reason | None:
    """Why what stands at one place of the way could be changed by somebody else, or None."""
    if status.st_uid not in {0, os.geteuid()}:
        return "other-owner"
    if stat.S_ISLNK(status.st_mode):
        return None  # its mode means nothing
    if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX:
        return None  # as in /tmp: others can add, and replace nothing
    if status.st_mode & stat.S_IWOTH:
        return "writable-by-others"
    if status.st_mode & stat.S_IWGRP and not is_group_of_one(status.st_gid):
        return "writable-by-others"
    return None


def is_group_of_one(group: int) -> bool:
    """Whether *group* is root's, or the user's own: many systems give each user a group alone."""
    if group == 0:
        return True
    try:
        user, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    is_own = user.pw_gid == group and found.gr_name == user.pw_name
    return is_own and not set(found.gr_mem) - {user.pw_name}
