"""Tells on which kind of file system a folder is, and whether that is another machine's."""

import os

from mainspring.codecache.mounts import MOUNTS_FILE, unescape_point

#: kinds that ask another machine; those below `fuse.` are named by the program that serves them
NETWORK_KINDS = frozenset({
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb3", "smbfs", "virtiofs",
})  # fmt: skip
NETWORK_PROGRAMS = frozenset({
    "afpfs", "ceph", "ceph-fuse", "cephfs", "curlftpfs", "davfs", "davfs2", "gcsfuse", "glusterfs",
    "goofys", "gvfsd-fuse", "httpfs", "juicefs", "moosefs", "mfs", "rclone", "s3fs", "s3ql",
    "smbnetfs", "sshfs", "weed",
})  # fmt: skip


def find_kind(path: str) -> str | None:
    """The kind of the file system that *path* is on, as the kernel calls it; None if not known."""
    try:
        with open(MOUNTS_FILE, "rb") as file:
            return choose_kind(file.read(), os.path.realpath(path))
    except OSError:
        return None


def choose_kind(mounts: bytes, path: str) -> str | None:
    """The kind of the mount that *path*, without links, is below: of the deepest, the last one."""
    deepest, kind = -1, None
    for line in mounts.splitlines():
        fields = line.split(b" ")
        if len(fields) < 3:
            continue
        point = os.fsdecode(unescape_point(fields[1])).rstrip("/") + "/"
        if f"{path}/".startswith(point) and len(point) >= deepest:
            deepest, kind = len(point), os.fsdecode(fields[2])
    return kind


def is_network(kind: str) -> bool:
    """Whether a file system of that *kind* is another machine's."""
    family, _, program = kind.partition(".")
    return kind in NETWORK_KINDS or (family == "fuse" and program in NETWORK_PROGRAMS)
