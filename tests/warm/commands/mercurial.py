"""200 starts of `hg`, over a repository that they make."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .scenes import Scene, Step, step

SETTINGS: Final = """\
[ui]
username = Test <test@example.invalid>
merge = internal:merge
interactive = no
[devel]
# hg's own tests use it: each commit has the same time
default-date = 0 0
[extensions]
rebase =
histedit =
shelve =
purge =
strip =
graphlog =
record =
"""
A: Final = {"a": "one\ntwo\nthree\n"}
MANY: Final = {"b": "b\n", "folder/c": "c\n", "folder/d": "d\n", "e": "e\n"}

#: each leaves the repository to the next
BEGIN: Final = (
    step("version -q"),
    step("init"),
    step("status"),
    step("status", files=A),
    step("add a"),
    step("status"),
    step("diff"),
    step("commit -m", "first"),
    step("log"),
    step("status", files=MANY),
    step("add"),
    step("summary"),
    step("commit -m", "second"),
    step("tip"),
    step("log --template", "{rev} {node|short} {desc} {author} {date|isodate}\\n"),
    step("log -p -r 1"),
    step("log -G"),
    step("log --stat"),
    step("log -r", "all() and file('folder/**')"),
    step("log -T json"),
    step("files"),
    step("files -r 0"),
    step("manifest -v"),
    step("cat a -r 0"),
    step("annotate a -u -n"),
    step("grep -r", "all()", "two"),
    step("tag v1"),
    step("tags"),
    step("branch side"),
    step("branch"),
    step("commit -m", "on a side", files={"a": "one\n2\nthree\n"}),
    step("branches"),
    step("update default"),
    step("commit -m", "in the middle", files={"a": "one\ntwo\nthree\nfour\n"}),
    step("heads"),
    step("merge side"),
    step("status"),
    step("resolve -l"),
    step("commit -m", "merge"),
    step("parents"),
    step("identify"),
    step("bookmark mark"),
    step("bookmarks"),
    step("copy b b2"),
    step("rename e e2"),
    step("status -C"),
    step("diff -g"),
    step("revert e2"),
    step("revert --all"),
    step("export tip"),
    step("export -o", "%R.patch", "1"),
    step("paths"),
    step("config ui"),
    step("help -q log"),
    step("bundle --all ../all.hg"),
    step("clone -U . ../clone"),
    step("verify"),
    step("no-such-command"),
    step("log -r nothing"),
    step("update 999"),
)

LONG: Final = (
    step("diff -c 1"),
    step("diff -r 0 -r 1 --stat"),
    step("diff --color=always -c 2"),
    step("log -k side"),
    step("log -b side"),
    step("log -u test -l 2"),
    step("log -d", ">1970-01-01"),
    step("log a"),
    step("log --follow e"),
    step("log --removed e"),
    step("log -v --debug -r 0"),
    step("log -T", "{tags} {branch} {parents} {files}\\n"),
    step("log -T xml"),
    step("log -T status"),
    step("log -T changelog"),
    step("log -r", "reverse(0:tip)", "-T", "{rev}\\n"),
    step("log -r", "heads(all())", "-T", "{rev}\\n"),
    step("log -r", "merge()", "-T", "{rev}\\n"),
    step("log -r", "branch(side)", "-T", "{rev}\\n"),
    step("log -r", "ancestor(2,3)", "-T", "{rev}\\n"),
    step("log -r", "((", "-T", "{rev}\\n"),
    step("status --rev 0"),
    step("status --change 1"),
    step("status -A", files={"new": "new\n"}),
    step("status -u"),
    step("status -n -0"),
    step("addremove -n"),
    step("addremove"),
    step("forget new"),
    step("status", files={".hgignore": "syntax: glob\nnew\n"}),
    step("status -i"),
    step("commit -A -m", "ignores"),
    step("remove b2"),
    step("remove b"),
    step("status -d -r"),
    step("revert b"),
    step("update -C tip"),
    step("purge"),
    step("purge --all -p"),
    step("locate"),
    step("locate -0"),
    step("files", "set:size('>1')"),
    step("files -I", "folder/**"),
    step("root"),
    step("root", at="folder"),
    step("identify -n -b -t -i -r 0"),
    step("identify ."),
    step("phase -r ."),
    step("phase -p -r 0"),
    step("phase -r 0"),
    step("bookmark other -r 0"),
    step("bookmark -m other third"),
    step("bookmark -d third"),
    step("bookmark -i mark"),
    step("update -r 0"),
    step("update -c tip"),
    step("tag -l local"),
    step("tag -r 0 v0"),
    step("tag v1"),
    step("tag -f v1"),
    step("tag --remove v0"),
    step("tags -v"),
    step("tags -T", "{tag}:{rev}\\n"),
    step("branches -c"),
    step("branch -C"),
    step("update side"),
    step("commit -A -m", "more", files={"side": "1\n"}),
    step("commit -m", "even more", files={"side": "1\n2\n"}),
    step("commit --amend -m", "amended"),
    step("commit -m", "empty"),
    step("rebase -d default -s", "max(branch(side))"),
    step("rebase --abort"),
    step("log -G -T", "{rev} {desc|firstline}\\n"),
    step("graft -r 0"),
    step("graft -r 3 --log"),
    step("update -C default"),
    step("backout -r 1 --no-commit"),
    step("update -C ."),
    step("shelve", files={"a": "shelved\n"}),
    step("shelve --list"),
    step("unshelve"),
    step("update -C ."),
    step("commit -m", "one way", files={"a": "one way\n"}),
    step("update -r .^"),
    step("commit -m", "other way", files={"a": "other way\n"}),
    step("merge"),
    step("resolve -l"),
    step("resolve --tool internal:local a"),
    step("resolve -m a"),
    step("status -C"),
    step("commit -m", "resolved"),
    step("log -l 1 -p"),
    step("annotate -c -l a"),
    step("annotate -T json a"),
    step("blame -r 0 a"),
    step("grep --all one"),
    step("grep -l -i ONE"),
    step("cat -o", "../%s.out", "a"),
    step("cat missing"),
    step("archive ../archive"),
    step("archive -t tar ../archive.tar"),
    step("export -r 0:1 -g"),
    step("export --switch-parent tip"),
    step("export 0 -o ../0.patch"),
    step("init ../imported"),
    step("import ../0.patch", at="../imported"),
    step("import --no-commit -", stdin=b"not a patch\n"),
    step("bundle -r 0:2 --base null ../part.hg"),
    step("bundle -t none-v2 --all ../plain.hg"),
    step("init ../unbundled"),
    step("unbundle ../part.hg", at="../unbundled"),
    step("incoming ../all.hg", at="../unbundled"),
    step("pull ../all.hg", at="../unbundled"),
    step("log -G -T", "{rev}\\n", at="../unbundled"),
    step("update", at="../unbundled"),
    step("outgoing ../unbundled"),
    step("push ../unbundled -r 3"),
    step("incoming ../clone"),
    step("clone . ../clone2"),
    step("clone --pull -r 1 . ../clone3"),
    step("paths", at="../clone2"),
    step("pull", at="../clone3"),
    step("verify -q", at="../clone2"),
    step("recover"),
    step("rollback"),
    step("help"),
    step("help commit -v"),
    step("help templates"),
    step("help no-such-topic"),
    step("version"),
    step("config"),
    step("config --debug ui.username"),
    step("config no.such"),
    step("debugconfig devel"),
    step("debugrevlog -m"),
    step("debugindex a"),
    step("debugdata a 0"),
    step("debugrevspec", "heads(all())"),
    step("debugignore"),
    step("--cwd folder status"),
    step("--repository ../clone2 summary --remote"),
    step("--traceback log -r nothing"),
    step("--quiet log"),
    step("--config ui.username=x commit -m", "by x", files={"a": "x\n"}),
    step("strip -r tip --no-backup"),
    step("update null"),
    step("update"),
)

#: hashes and times of files on disk, and what is only kept to be fast
UNREAD: Final = (r".*/\.hg/dirstate.*", r".*/\.hg/w?cache/.*", r".*/\.hg/.*undo.*")


def make_scene(*, is_long: bool) -> Scene:
    steps = BEGIN + LONG if is_long else BEGIN
    return Scene(
        "hg",
        tuple(map(move_inside, steps)),
        {"../home/.hgrc": SETTINGS, "repo/.keep": ""},
        {"PYTHONHASHSEED": "0"},  # it writes sets in whatever order they have
        unread=UNREAD,
    )


def move_inside(step: Step) -> Step:
    """The *step* made in the repository, which has a folder to itself."""
    return replace(
        step, at=f"repo/{step.at}", files={f"repo/{name}": text for name, text in step.files.items()}
    )
