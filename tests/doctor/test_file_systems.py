"""Which file system a folder is on is read from what the kernel says of its mounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from mainspring.observe.doctor.file_systems import choose_kind, find_kind, is_network

#: as Linux writes them
MOUNTS = rb"""sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0
proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0
/dev/nvme0n1p2 / ext4 rw,relatime,errors=remount-ro 0 0
systemd-1 /net autofs rw,relatime,fd=57,pgrp=1,timeout=0,minproto=5,maxproto=5,direct 0 0
filer:/export/home /home nfs4 rw,relatime,vers=4.2,rsize=1048576,hard,proto=tcp,timeo=600 0 0
//filer/share /mnt/win\040share\134x cifs rw,relatime,vers=3.1.1,uid=1000,gid=1000 0 0
tmpfs /home/ann/.cache tmpfs rw,nosuid,nodev,size=3271340k,mode=700,uid=1000,gid=1000 0 0
ann@far:/srv /home/ann/far fuse.sshfs rw,nosuid,nodev,relatime,user_id=1000,group_id=1000 0 0
/dev/sdb1 /media/stick ext4 rw 0 0
filer:/stick /media/stick nfs rw,vers=3 0 0
mds:/ /ceph ceph rw,relatime,name=ann,secret=<hidden>,acl 0 0
/dev/sdc1 /media/ntfs fuseblk rw,nosuid,nodev,user_id=0,group_id=0,allow_other 0 0
host /mnt/shared 9p rw,relatime,access=client,trans=virtio 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind", "expected"),
    [
        ("/srv/someone/.cache/mainspring", "ext4", False),
        ("/", "ext4", False),
        ("/home", "nfs4", True),
        ("/home/bob/.cache/mainspring", "nfs4", True),
        ("/homes/bob", "ext4", False),
        ("/home/ann/.cache/mainspring", "tmpfs", False),
        ("/home/ann/far/cache", "fuse.sshfs", True),
        ("/mnt/win share\\x/cache", "cifs", True),
        ("/mnt/win", "ext4", False),
        ("/media/stick/cache", "nfs", True),  # the later mount covers the earlier one
        ("/media/ntfs/cache", "fuseblk", False),
        ("/ceph/cache", "ceph", True),
        ("/mnt/shared/cache", "9p", True),
    ],
)
def test_the_deepest_mount_decides(path: str, kind: str, expected: bool) -> None:
    assert choose_kind(MOUNTS, path) == kind
    assert is_network(kind) == expected


def test_lines_that_are_none_are_passed_over() -> None:
    assert choose_kind(b"\n \nx /\n", "/home") is None


def test_what_the_kernel_says_here() -> None:
    assert find_kind("/proc/self") == "proc"
    assert find_kind(str(Path("/proc") / ".." / "proc")) == "proc"
