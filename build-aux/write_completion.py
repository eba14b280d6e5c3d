"""Writes what lets a shell complete the commands, for the place where that shell looks.

write_completion.py OUTPUT SOURCE_FOLDER SHELL
"""

import importlib
import sys
from pathlib import Path

from command_line import load_group


def main(output: str, source: str, shell: str) -> None:
    group = load_group(source)
    completing = importlib.import_module("mainspring.cli.completing")
    Path(output).write_text(completing.format_completion(group, shell) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
