"""Tells which paths can be looked at without waiting for another machine.

A sweep asks whether scripts still exist, in the middle of somebody's start: a file server that does
not answer must not make it wait.
"""

import os

MOUNTS_FILE = "/proc/self/mounts"
LOCAL_KINDS = frozenset({
    "bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "overlay", "ramfs", "reiserfs",
    "squashfs", "tmpfs", "vfat", "xfs", "zfs",
})  # fmt: skip


def read_remote_mounts() -> "tuple[str, ...] | None":
    """The mount points, each with a `/` behind it, that are not of a local kind.

    None where the system does not say.
    """
    try:
        with open(MOUNTS_FILE, "rb") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    remote = []
    for line in lines:
        _, point, kind, *_ = line.split(b" ")
        if os.fsdecode(kind) not in LOCAL_KINDS:
            remote.append(os.fsdecode(unescape_point(point)).rstrip("/") + "/")
    return tuple(remote)


def unescape_point(point: bytes) -> bytes:
    """A mount point without the octal escapes that the kernel writes (fs/proc_namespace.c)."""
    for escape, character in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n")):
        point = point.replace(escape, character)
    return point.replace(b"\\134", b"\\")
