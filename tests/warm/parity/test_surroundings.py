"""Wherever a shell starts a program from, a warm start sees what a plain one sees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .probing import Surroundings, assert_same, each, lay_out_probe, look
from .stated import STATED_OF_COLD

if TYPE_CHECKING:
    from .world import WarmWorld

MAKEFILE = "all: one two three\none two three:\n\t+@{probe} report-$@\n"
EMPTY = "env -i HOME={home} PATH=/usr/bin:/bin XDG_RUNTIME_DIR={runtime} MAINSPRING_LOG={log}"
BLOCKING = (
    "{python} -c 'import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [10, 15, 40]);"
    " os.execv(sys.argv[1], sys.argv[1:])' {probe} report"
)
NUMBERS = tuple(f"report-{name}" for name in ("one", "two", "three"))

#: a host serves all of these
FROM_ONE_HOST = (
    Surroundings("plainly"),
    Surroundings("arguments", "{probe} report '' 'a b' -- -x --help $'\\xff' $'new\\nline'"),
    Surroundings("pipeline", "echo typed | {probe} report | cat"),
    Surroundings("background", "{probe} report & wait $!"),
    Surroundings("nohup", "nohup {probe} report"),
    Surroundings("timeout", "timeout 60 {probe} report"),
    Surroundings("timeout in the foreground", "timeout --foreground 60 {probe} report"),
    Surroundings("setsid", "setsid --wait {probe} report"),
    Surroundings(
        "xargs", "printf '%s\\n' one two three | xargs -P4 -I{} {probe} report-{}", reports=NUMBERS
    ),
    Surroundings("make", "make -s -j4 -f Makefile.of", files={"Makefile.of": MAKEFILE}, reports=NUMBERS),
    Surroundings("almost no environment", f"{EMPTY} {{probe}} report"),
    Surroundings(
        "ssh", f"{EMPTY} SHELL=/bin/sh USER=me SSH_CLIENT='::1 2 3' {{probe}} report </dev/null"
    ),
    Surroundings(
        "cron",
        f"cd {{home}}; setsid --wait {EMPTY} LOGNAME=me SHELL=/bin/sh "
        "sh -c '{probe} {work}/report' </dev/null 2>&1 | cat",
    ),
    Surroundings("another folder", "cd / && {probe} {work}/report"),
    Surroundings("a folder behind a link", "ln -sfn / root && cd root/tmp && {probe} {work}/report"),
    Surroundings("a full disk", "{probe} report >/dev/full", status=120),
    Surroundings("a full disk for errors", "{probe} report to-stderr 2>/dev/full", status=None),
    Surroundings("a process as argument", "{probe} report <(echo from a process) <(echo another)"),
    Surroundings("standard input from a file", "{probe} report <near.py"),
    Surroundings("amid a file", "{ read line; {probe} report; cat; } <probe.py"),
    Surroundings("output to a file", "rm -f out; echo before >out; {probe} report >>out; cat out"),
    Surroundings("output to one file", "{probe} report >out 2>&1; cat out"),
    Surroundings("output to the null device", "{probe} report >/dev/null 2>&1"),
    Surroundings("input and output open both ways", "{probe} report 0<>near.py 1<>out 2>&1"),
    Surroundings("descriptors", "{probe} report 3<near.py 4>out 7<>out 9>&1 42</dev/null"),
    Surroundings("a high descriptor", "ulimit -n 1024; {probe} report 1000<near.py"),
    Surroundings(
        "many descriptors", 'for n in {10..209}; do eval "exec $n<near.py"; done; {probe} report'
    ),
    Surroundings("a lock", "exec 9>lock; flock 9; {probe} report; flock -n lock true; echo $?", status=0),
    Surroundings("umask", "umask 0137; {probe} report; stat -c %a report"),
    Surroundings("few descriptors for now", "ulimit -Sn 40; {probe} report"),
    Surroundings(
        "limits lowered for now", "ulimit -Sc 0; ulimit -Sf 100000; ulimit -St 100; {probe} report"
    ),
    Surroundings("memory limited for now", "ulimit -Sv 4000000; {probe} report"),
    Surroundings("limits raised", "ulimit -Sc unlimited; ulimit -Sn $(ulimit -Hn); {probe} report"),
    Surroundings("ignored signals", "trap '' HUP INT USR1 CHLD RTMIN+3; {probe} report"),
    Surroundings("default signals", "trap - PIPE; {probe} report"),
    Surroundings("ignored by Python, and by the caller", "trap '' PIPE XFSZ; {probe} report"),
    Surroundings("blocked signals", BLOCKING),
    Surroundings(
        "odd environment", "env 'a b=c' EMPTY= 'BASH_FUNC_f%%=() { :; }' $'BYTES=\\xff' =x {probe} report"
    ),
    Surroundings("a large environment", "export LARGE=$(printf %0100000d 0); {probe} report"),
    Surroundings("in a subshell with traps", "(trap 'echo trapped' EXIT; {probe} report)"),
)

#: each of these has a host of its own; as for what cannot be raised again, only if its user may not
FROM_ANOTHER_HOST = (
    Surroundings("nice", "nice -n 5 {probe} report"),
    Surroundings(
        "higher priority", "nice -n -5 {probe} report", needs="nice -n -5 true 2>&1 | cmp - /dev/null"
    ),
    Surroundings("one processor", "taskset -c 0 {probe} report", needs="taskset -c 0 true"),
    Surroundings("few descriptors", "ulimit -n 40; {probe} report"),
    Surroundings("limits lowered", "ulimit -c 0; ulimit -f 100000; {probe} report"),
    Surroundings("a low stack", "ulimit -Ss 4096; {probe} report"),
    Surroundings("memory limited", "ulimit -v 4000000; {probe} report"),
    Surroundings("out of memory first", "echo 500 >/proc/self/oom_score_adj; {probe} report"),
    Surroundings("time zone", "TZ=Asia/Tokyo {probe} report"),
    Surroundings("the C locale", "LC_ALL=C {probe} report"),
    Surroundings("another home", "mkdir -p nest; HOME=$PWD/nest {probe} report"),
    Surroundings("hash seed", "PYTHONHASHSEED=7 {probe} report"),
    Surroundings("unbuffered", "PYTHONUNBUFFERED=1 {probe} report"),
    Surroundings(
        "warnings from the environment", "PYTHONWARNINGS=default,ignore::ImportWarning {probe} report"
    ),
    Surroundings("a path", "PYTHONPATH={work}/library:/nowhere {probe} report"),
    Surroundings("an encoding", "PYTHONIOENCODING=latin-1:replace {probe} report"),
    Surroundings("options", "{start} -O -W error -Wignore::ResourceWarning -X utf8=0 -B probe.py report"),
    Surroundings("options in one", "{start} -uOq probe.py report"),
    Surroundings("no settings", "PYTHONIOENCODING=cp437 PYTHONOPTIMIZE=1 {start} -E probe.py report"),
    Surroundings("no settings, some set", "PYTHONPATH=/x LD_PRELOAD= {start} -sE probe.py report"),
    Surroundings("a relative path", "mkdir -p below; cd below; {start} ../probe.py ../report"),
    Surroundings(
        "fewer rights",
        "setpriv --bounding-set=-sys_time {probe} report",
        needs="setpriv --bounding-set=-sys_time true",
    ),
    Surroundings("fixed addresses", "setarch -R {probe} report", needs="setarch -R true"),
    Surroundings("a batch job", "chrt --batch 0 {probe} report", needs="chrt --batch 0 true"),
    Surroundings("idle input and output", "ionice -c 3 {probe} report", needs="ionice -c 3 true"),
)

#: these are cold, by design
COLD = (
    Surroundings("a deleted folder", "mkdir gone; cd gone; rmdir ../gone; {probe} {work}/report"),
    Surroundings("standard input closed", "{probe} report <&-", reason="closed-stream"),
    Surroundings("standard output closed", "{probe} report >&-", reason="closed-stream", status=None),
    Surroundings("standard error closed", "{probe} report 2>&-", reason="closed-stream"),
    Surroundings("from standard input", "{start} - report <probe.py", status=None),
    Surroundings(
        "too many descriptors",
        'ulimit -n 1024; for n in {10..310}; do eval "exec $n<near.py"; done; {probe} report',
        reason="too-much",
    ),
    Surroundings(
        "no new privileges",
        "setpriv --no-new-privs {probe} report",
        needs="setpriv --no-new-privs true && ! grep -q 'NoNewPrivs:.1' /proc/1/status",
        reason="unknown-caller",
    ),
    *(
        Surroundings(
            f"namespace {option}", f"unshare {option} {{probe}} report", needs=f"unshare {option} true"
        )
        for option in ("-Ur", "-n", "-m", "-u", "-i", "-pf", "-C", "-T")
    ),
)


@pytest.fixture(scope="module")
def probe_world(shared_world: WarmWorld) -> WarmWorld:
    lay_out_probe(shared_world)
    return shared_world


@each(FROM_ONE_HOST)
def test_a_warm_start_sees_the_same(case: Surroundings, probe_world: WarmWorld) -> None:
    compare(case, probe_world)


@each(FROM_ANOTHER_HOST)
def test_what_selects_another_host_is_seen_the_same(case: Surroundings, probe_world: WarmWorld) -> None:
    compare(case, probe_world)


def compare(case: Surroundings, world: WarmWorld) -> None:
    """A start in the surroundings *case* comes from a host, and is the same as a plain one."""
    plain = look(world, "plain", case)
    assert case.status in (plain.ended.status, None), plain.ended
    warm = []
    world.repeat_until_warm(lambda: warm.append(look(world, "warm", case)))
    assert_same(plain, warm[-1])


@each(COLD)
def test_what_no_host_can_take_over_is_cold(case: Surroundings, probe_world: WarmWorld) -> None:
    if not probe_world.list_hosts():
        probe_world.repeat_until_warm(lambda: look(probe_world, "warm", FROM_ONE_HOST[0]))
    probe_world.log.unlink(missing_ok=True)
    seen = look(probe_world, "warm", case)
    assert probe_world.last_outcome not in ("warm", None)
    assert case.reason in (probe_world.last_reason, None)
    plain = look(probe_world, "plain", case)
    assert seen.ended.status == plain.ended.status
    if all(plain.reports):
        assert_same(plain, seen, STATED_OF_COLD)
