"""Everything of the caller arrives at the host as it is."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .stage import hash_text, wait_until

if TYPE_CHECKING:
    from .stage import Note, Stage, Word

#: nobody can set these two, but glibc's posix_spawn leaves them ignored: what make starts has it so
OF_THE_C_LIBRARY = (32, 33)
#: prepares the process in C's terms, and then becomes the launcher
PREPARE = "import os, resource, signal, sys\n{preparation}\nos.execv(sys.argv[1], sys.argv[1:])\n"


#: takes the right to raise limits and priorities again from what is executed, where it is there
GIVE_UP_RIGHTS = "import ctypes; [ctypes.CDLL(None).prctl(24, right) for right in (23, 24)]\n"


def start_after(warm: Stage, preparation: str, **changes: object) -> None:
    """A start that has *preparation* before the launcher."""
    words = [sys.executable, "-IS", "-c", PREPARE.format(preparation=preparation)]
    settings = {"env": warm.environment, "cwd": warm.root, "stdin": subprocess.DEVNULL, **changes}
    done = subprocess.run(
        [*words, *warm.command(warm.script, "a", b"\xff", "")],
        capture_output=True,
        timeout=30,
        check=False,
        **settings,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"ran\n", b"")


def request_after(warm: Stage, preparation: str, **changes: object) -> Note:
    """What the host is asked for if *preparation* comes before the launcher."""
    start_after(warm, preparation, **changes)
    return warm.requests()[-1]


def bits_of(*numbers: int) -> int:
    return sum(1 << number - 1 for number in numbers)


def test_arguments_and_environment_arrive_as_they_are(warm: Stage) -> None:
    warm.environment |= {
        "EMPTY": "",
        "ODD": "a=b\n\udcff",
        "MAINSPRING_START": "1",
        "MAINSPRING_WARM": "x",
    }
    request = request_after(warm, "")
    words = [str(warm.python), str(warm.script), "a", "\udcff", ""]
    assert (request["arguments"], request["skip"]) == (words, 1)
    expected = {**warm.environment}
    del expected["MAINSPRING_START"], expected["MAINSPRING_WARM"]
    pairs = [pair.split("=", 1) for pair in request["environment"]]
    # what the interpreter in between may set by itself
    assert {name: value for name, value in pairs if name != "LC_CTYPE"} == expected


def test_descriptors_arrive_with_their_numbers(warm: Stage) -> None:
    preparation = """
for number in (3, 7, 60):
    os.dup2(os.open(f"/dev/{'null' if number == 3 else 'zero'}", os.O_RDWR), number + 100)
    os.dup2(number + 100, number)
    os.close(number + 100)
os.set_inheritable(os.open("/", 0), False)
"""
    request = request_after(warm, preparation)
    assert request["numbers"] == [0, 1, 2, 3, 7, 60]
    inodes = [os.stat("/dev/null").st_ino, *[os.stat("/dev/zero").st_ino] * 2]
    assert request["rights"][0] == warm.root.stat().st_ino
    assert request["rights"][4:] == inodes


def test_as_many_descriptors_as_can_be_sent_are(warm: Stage) -> None:
    preparation = "for number in range(3, 250): os.dup2(0, number)"
    assert len(request_after(warm, preparation)["rights"]) == 251


def test_signals_that_are_blocked_or_ignored_are_told(warm: Stage) -> None:
    preparation = """
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN if number in (1, 13, 64) else signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_BLOCK, {10, 17, 40})
"""
    request = request_after(warm, preparation)
    assert request["mask"] == bits_of(10, 17, 40)
    assert request["ignored"] == bits_of(1, 13, 64) | read_ignored() & bits_of(*OF_THE_C_LIBRARY)


def read_ignored() -> int:
    [line] = [line for line in Path("/proc/self/status").read_text().splitlines() if "SigIgn" in line]
    return int(line.split()[1], 16)


def test_umask_priority_and_limits_are_told(warm: Stage) -> None:
    preparation = """
os.umask(0o027)
os.nice(3)
resource.setrlimit(resource.RLIMIT_NOFILE, (500, 800))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
open("/proc/self/oom_score_adj", "w").write("7")
"""
    wait_until(lambda: start_after(warm, preparation) or warm.requests())  # it may need its own host
    request = request_after(warm, preparation)
    nice = os.nice(0) + 3  # the tests may be run with a lower priority, too
    assert (request["umask"], request["nice"], request["oom_score_adj"]) == (0o027, nice, 7)
    assert request["limits"][resource.RLIMIT_NOFILE] == [500, 800]
    assert request["limits"][resource.RLIMIT_CORE] == [0, 0]
    stack = resource.getrlimit(resource.RLIMIT_STACK)
    assert request["limits"][resource.RLIMIT_STACK] == [limit % 2**64 for limit in stack]
    assert len(request["limits"]) == 16


def lower_soft_limit(kind: str, limit: int) -> str:
    return f"resource.setrlimit(resource.RLIMIT_{kind}, ({limit}, resource.RLIM_INFINITY))"


NOT_TO_BE_RAISED_AGAIN = {
    **{
        f"hard limit {number}": f"resource.setrlimit({number}, [4096, 4096])"
        for number in (resource.RLIMIT_NOFILE, resource.RLIMIT_MEMLOCK)
    },
    "hard limit of files": "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 40, 1 << 41))",
    "hard limit of memory": "resource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 41))",
    "soft limit of the stack": lower_soft_limit("STACK", 1 << 22),
    **(
        {"processors": "os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])"}
        if len(os.sched_getaffinity(0)) > 1
        else {}
    ),
    "priority": "os.nice(3)",
    "first to be killed": "open('/proc/self/oom_score_adj', 'w').write('900')",
}
#: of limits that are soft
TAKEN_OVER = {
    "files open": "resource.setrlimit(resource.RLIMIT_NOFILE, (300, HARD))",
    "memory": lower_soft_limit("AS", 1 << 40),
    "time": lower_soft_limit("CPU", 900),
}


@pytest.mark.parametrize("case", NOT_TO_BE_RAISED_AGAIN)
def test_what_cannot_be_raised_again_selects_the_host(stage: Stage, case: str) -> None:
    stage.put_recipe()
    start_after(stage, GIVE_UP_RIGHTS)
    wait_until(lambda: stage.notes("host"))
    start_after(stage, GIVE_UP_RIGHTS + NOT_TO_BE_RAISED_AGAIN[case])
    wait_until(lambda: len(stage.notes("host")) == 2)
    assert not stage.requests()
    start_after(stage, GIVE_UP_RIGHTS + NOT_TO_BE_RAISED_AGAIN[case])
    assert len(stage.requests()) == 1
    first, second = (helper["text"].split("\0") for helper in stage.notes("helper"))
    assert len(set(first) ^ set(second)) == 2


@pytest.mark.parametrize("case", TAKEN_OVER)
def test_what_can_be_taken_over_selects_nothing(stage: Stage, case: str) -> None:
    stage.put_recipe()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    preparation = GIVE_UP_RIGHTS + TAKEN_OVER[case].replace("HARD", str(hard))
    start_after(stage, preparation)
    wait_until(lambda: stage.notes("host"))
    start_after(stage, GIVE_UP_RIGHTS)
    assert len(stage.requests()) == 1


def test_a_host_may_use_more_than_its_first_caller(stage: Stage) -> None:
    stage.put_recipe()
    preparation = """
for number in range(16):
    if number not in (resource.RLIMIT_CORE, resource.RLIMIT_STACK):
        limit = min(resource.getrlimit(number)[0] % 2**64, 1 << 33) // 2
        resource.setrlimit(number, (limit, resource.getrlimit(number)[1]))
"""
    start_after(stage, preparation)
    [host] = wait_until(lambda: stage.notes("host"))
    for number in range(16):
        if number not in (resource.RLIMIT_CORE, resource.RLIMIT_STACK):
            soft, hard = resource.prlimit(host["pid"], number)
            assert soft == hard


def test_with_little_time_and_no_more_to_be_had_a_start_is_cold(stage: Stage) -> None:
    """A host would be at its end when it had used up that time for all its callers."""
    stage.put_recipe()
    start_after(stage, GIVE_UP_RIGHTS + "resource.setrlimit(resource.RLIMIT_CPU, (900, 900))")
    assert stage.reasons() == ["other-limits"]
    assert list(stage.folder.glob("*.lock")) == []


def test_the_cpus_that_it_may_use_are_told(warm: Stage) -> None:
    one = max(os.sched_getaffinity(0))
    preparation = f"os.sched_setaffinity(0, [{one}])"
    wait_until(lambda: start_after(warm, preparation) or warm.requests())  # C libraries count them
    assert request_after(warm, preparation)["cpus"] == [one]


def test_without_a_terminal_the_program_has_its_own_process_group(warm: Stage) -> None:
    request = request_after(warm, "", start_new_session=True)
    assert request["flags"] == 0


def test_a_request_of_megabytes_arrives_whole(warm: Stage) -> None:
    for number in range(15):
        warm.environment[f"LONG{number}"] = "x" * 100_000
    assert len(request_after(warm, "")["environment"]) >= 15


@pytest.mark.parametrize("shell", ["exec <&-;", "exec >&-;", "exec 2>&-;"])
def test_with_a_standard_stream_closed_a_start_is_cold(warm: Stage, shell: str) -> None:
    words = ["/bin/sh", "-c", f'{shell} exec "$@"', "sh", *warm.command(warm.script)]
    subprocess.run(words, env=warm.environment, cwd=warm.root, check=False, timeout=30)
    assert warm.reasons() == ["no-host", "closed-stream"]


def test_in_a_deleted_folder_a_start_is_cold(warm: Stage) -> None:
    gone = warm.root / "gone"
    gone.mkdir()
    done = warm.run(preexec_fn=lambda: (os.chdir(gone), gone.rmdir()))
    assert done.stdout == b"ran\n"
    assert not warm.requests()


def test_with_too_many_descriptors_a_start_is_cold(warm: Stage) -> None:
    preparation = "for number in range(3, 251): os.dup2(0, number)"
    words = [sys.executable, "-IS", "-c", PREPARE.format(preparation=preparation)]
    done = subprocess.run([*words, *warm.command(warm.script)], env=warm.environment, check=False)
    assert done.returncode == 0
    assert warm.reasons() == ["no-host", "too-much"]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PYTHONPATH", "lib", "relative-path"),
        ("PYTHONPATH", "/a::/b", "relative-path"),
        ("PYTHONPATH", "/a:", "relative-path"),
        ("PYTHONHOME", "here", "relative-path"),
        ("LD_LIBRARY_PATH", "/a:", "relative-path"),
        ("LD_PRELOAD", "./hook.so", "relative-path"),
        ("PYTHONINSPECT", "1", "options"),
    ],
)
def test_a_setting_that_a_host_would_heed_otherwise_makes_a_start_cold(
    warm: Stage, name: str, value: str, reason: str
) -> None:
    warm.environment[name] = value
    warm.run()
    assert warm.reasons()[1:] == [reason]
    assert not warm.requests()


@pytest.mark.parametrize(
    ("name", "value", "same"),
    [
        ("PYTHONPATH", "/a:/b", False),
        ("PYTHONPATH", "", False),
        ("LC_ALL", "C", False),
        ("LANGUAGE", "de", False),
        ("TZ", "UTC", False),
        ("MAINSPRING_MIN_SIZE", "1", False),
        ("HOME", "/", False),
        ("OF_THE_RECIPE", "1", False),
        ("OF_THE_RECIPES", "1", True),
        ("HOMES", "/", True),
        ("PATHS", "/", True),
        ("MAINSPRING_WARM", "x", True),
    ],
)
def test_a_host_is_selected_by_what_it_would_heed(
    stage: Stage, name: str, value: str, same: bool
) -> None:
    stage.put_recipe(names=["ANOTHER", "OF_THE_RECIPE"])
    stage.bring_up()
    stage.environment[name] = value
    stage.run()
    assert len(stage.requests()) == same


@pytest.mark.parametrize("word", ["folder", "argument-count", "argument-0", "nothing"])
def test_what_the_recipe_says_of_the_caller_selects_a_host(stage: Stage, word: str) -> None:
    stage.put_recipe(selects=[word] if word != "nothing" else [])
    stage.bring_up()
    changes: dict[str, list[Word]] = {
        "argument-count": [stage.script, "more"],
        "argument-0": ["program.py"],
    }
    stage.run(*changes.get(word, [stage.script]), cwd="/" if word == "folder" else stage.root)
    assert len(stage.requests()) == (word == "nothing")


def test_a_recipe_with_an_unknown_word_is_none(stage: Stage) -> None:
    stage.put_recipe(selects=["folder", "weather"])
    stage.run()
    assert stage.reasons() == ["recorded"]


def test_a_recipe_of_another_version_counts_as_absent(stage: Stage) -> None:
    words = ["0.0.9", str(stage.python), "", "script", str(stage.script)]
    stage.put_recipe(id=hash_text([os.fsencode(word) for word in words]))
    stage.run()
    assert stage.reasons() == ["recorded"]


def test_the_key_says_what_selects(stage: Stage) -> None:
    stage.put_recipe(names=["OF_THE_RECIPE"], selects=["argument-0", "argument-count", "folder"])
    stage.environment["OF_THE_RECIPE"] = "1"
    stage.bring_up()
    stage.run()
    [request] = stage.requests()
    fields = request["key"].split("\0")[:-1]
    assert fields[-3:] == [f"folder={stage.root}", "arguments=1", f"argument-0={stage.script}"]


def test_options_of_the_interpreter_select_another_host(warm: Stage) -> None:
    warm.run("-O", warm.script)
    assert not warm.requests()
    assert warm.reasons(id=warm.identify("-O")) == ["recorded"]


def test_a_script_is_known_by_the_path_that_cpython_forms(stage: Stage) -> None:
    for typed in ("program.py", "./program.py"):
        formed = f"{stage.root}/{typed}"
        stage.run(typed)
        assert stage.reasons(id=stage.identify(script=formed)) == ["recorded"]


@pytest.mark.parametrize(
    "words", [["-c", "print('ran')"], ["-m", "this"], ["-i", "program.py"], ["-x", "program.py"]]
)
def test_what_is_no_plain_script_is_cold(warm: Stage, words: list[str]) -> None:
    assert warm.run(*words).returncode == 0
    assert not warm.requests()
    assert warm.notes("cold")[-1]["warm"] == ""
