"""What `verify` can find out about an entry: one table."""

from typing import Literal, NamedTuple, get_args

Finding = Literal[
    "same",
    "code",
    "warnings",
    "modules",
    "does-not-compile",
    "corrupt",
    "untrusted",
    "outdated",
    "orphan",
    "foreign",
    "gone",
    "no-source",
    "unknown-encoding",
    "unknown-options",
    "unknown-interpreter",
    "other-interpreter",
    "unsafe-interpreter",
    "not-checked",
]


class Row(NamedTuple):
    """What a finding means, in one line, and whether the entry differs from what it should be."""

    meaning: str
    is_difference: bool = False
    is_checked: bool = True


FINDINGS: dict[Finding, Row] = {
    "same": Row("compiling the source gives what the entry holds"),
    "code": Row("compiling the source gives other code", is_difference=True),
    "warnings": Row("compiling the source gives other warnings", is_difference=True),
    "modules": Row("compiling the source loads other modules", is_difference=True),
    "does-not-compile": Row("the source does not compile", is_difference=True),
    "corrupt": Row("the entry is not what was written", is_difference=True),
    "untrusted": Row(
        "the entry, or a folder that leads to it, could have been written by somebody else",
        is_difference=True,
    ),
    "outdated": Row("the source has changed since; the next start makes a new entry"),
    "orphan": Row("the source is gone"),
    "foreign": Row("it was made by another build, or in another format, and no start uses it"),
    "gone": Row("another process removed it meanwhile"),
    "no-source": Row("the source cannot be read", is_checked=False),
    "unknown-encoding": Row("the interpreter does not know the source's encoding", is_checked=False),
    "unknown-options": Row("it was made under options that its name does not tell of", is_checked=False),
    "unknown-interpreter": Row("the interpreter that made it is gone, or not known", is_checked=False),
    "other-interpreter": Row(
        "where the interpreter was that made it, there is another one now", is_checked=False
    ),
    "unsafe-interpreter": Row(
        "the interpreter that made it could have been changed by somebody else", is_checked=False
    ),
    "not-checked": Row("the interpreter failed at it", is_checked=False),
}

assert set(FINDINGS) == set(get_args(Finding))
