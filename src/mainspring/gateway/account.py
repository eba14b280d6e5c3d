"""Scripts run as the user that the operator names, and as root only if that is what they name.

Sockets are bound before, since only root may; all else, logs and hosts too, is that user's from then on.

| who starts | `--user` | what happens |
|---|---|---|
| root | none | refused |
| root | root | scripts run as root |
| root | another | the process becomes that user, with all of their groups, for good |
| another | none, or itself | scripts run as that user |
| another | somebody else | refused |
| anybody | unknown | refused |
| anybody | who cannot run the interpreter, or reach what is served | refused |
"""

from __future__ import annotations

import grp
import os
import pwd
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainspring.errors import BadArgumentsError, MainspringError

if TYPE_CHECKING:
    from collections.abc import MutableMapping

#: of whoever started the gateway; a script of another user's has no business there
PERSONAL = ("MAIL", "OLDPWD", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK")


class AccountError(MainspringError):
    """A user that scripts cannot, or must not, run as."""


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    name: str
    user: int
    group: int
    home: str
    shell: str


def choose_account(name: str | None) -> Account | None:
    """Who to become; None for who we are.  Raises AccountError."""
    is_root = os.geteuid() == 0
    if name is None:
        if is_root:
            raise AccountError(
                "scripts would run as root", "name a user with --user (root, if that is meant)"
            )
        return None
    account = find_account(name)
    if account.user == os.geteuid():
        return None
    if not is_root:
        raise AccountError(
            f"only root can run scripts as {name}", "leave out --user, or start it as root"
        )
    return account


def find_account(name: str) -> Account:
    """The user *name*, or of that number.  Raises AccountError."""
    try:
        entry = pwd.getpwuid(int(name)) if name.isascii() and name.isdecimal() else pwd.getpwnam(name)
    except (KeyError, OverflowError):
        raise AccountError(f"there is no user {name!r}", "name one that `getent passwd` knows") from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, entry.pw_dir, entry.pw_shell)


def find_group(name: str) -> int:
    """The number of the group *name*.  Raises BadArgumentsError."""
    try:
        entry = grp.getgrgid(int(name)) if name.isascii() and name.isdecimal() else grp.getgrnam(name)
    except (KeyError, OverflowError):
        raise BadArgumentsError(
            f"there is no group {name!r}", "name one that `getent group` knows"
        ) from None
    return entry.gr_gid


def become(account: Account, environment: MutableMapping[str, str]) -> None:
    """Go on as *account*, for good; *environment* is then theirs.  Raises AccountError."""
    folder = make_runtime_folder(account)
    try:
        os.initgroups(account.name, account.group)
        os.setresgid(account.group, account.group, account.group)
        os.setresuid(account.user, account.user, account.user)
    except OSError as error:  # of a root without CAP_SETUID or CAP_SETGID
        raise AccountError(
            f"this root cannot become {account.name} ({error.strerror})", "start it as that user"
        ) from error
    set_variables(account, environment, folder)


def check_access(name: str, served: str) -> None:
    """Hold that the user *name*, who we are by now, can run scripts of *served*.  Raises AccountError."""
    if not os.access(sys.executable, os.X_OK):
        raise AccountError(
            f"{name} cannot run {sys.executable}",
            "install Mainspring, and its Python, where that user can read them",
        )
    if not os.access(served, os.X_OK if os.path.isdir(served) else os.R_OK):
        raise AccountError(
            f"{name} cannot reach {served}", "give that user access to it and to its folders"
        )


def set_variables(account: Account, environment: MutableMapping[str, str], folder: str | None) -> None:
    """Make *environment* that of *account*, with *folder* for what lives as long as the machine runs."""
    for name in list(environment):
        if name.startswith("XDG_") or name in PERSONAL:
            del environment[name]
    environment.update(HOME=account.home, USER=account.name, LOGNAME=account.name, SHELL=account.shell)
    if folder is not None:
        environment["XDG_RUNTIME_DIR"] = folder


def make_runtime_folder(account: Account) -> str | None:
    """A folder of *account*'s alone for hosts; None where they have one, or root cannot make one.

    `/run` is root's: nobody can have put anything there before.  (What is used without one, in /tmp,
    another user could occupy; warm/runtime.py would then refuse it, and each start be cold.)
    """
    with suppress(OSError):
        if os.lstat(f"/run/user/{account.user}").st_uid == account.user:
            return None
    folder = f"/run/mainspring-{account.user}"
    try:
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        os.chown(folder, account.user, account.group, follow_symlinks=False)
    except OSError:
        return None
    return folder


def find_service_folder(environment: MutableMapping[str, str]) -> None:
    """Have hosts live in what `RuntimeDirectory=` of a unit has made, where the user has nothing else."""
    folder = environment.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    user = os.geteuid()
    if "XDG_RUNTIME_DIR" in environment or not folder or os.path.lexists(f"/run/user/{user}"):
        return
    with suppress(OSError):
        if os.lstat(folder).st_uid == user:
            environment["XDG_RUNTIME_DIR"] = folder
