"""A program may end before its checkpoint for some callers: hosts for these wait at its first line.

KEY.early := HASH          of the recipe, by which the program does come to its checkpoint for others
"""

import os
from _imp import source_hash

from mainspring.places import Refused, read_trusted_file, write_file
from mainspring.warm.recipe import REPLACE_FILE, format_recipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.warm.recipe import Recipe


def note_early_end(folder: int, key_name: str, recipe: "Recipe") -> None:
    """Remember it for hosts of this key, until the recipe changes.  Raises OSError."""
    descriptor = os.open(f"{key_name}.early", REPLACE_FILE, 0o600, dir_fd=folder)
    try:
        write_file(descriptor, sign_recipe(recipe))
    finally:
        os.close(descriptor)


def has_ended_early(folder: int, key_name: str, recipe: "Recipe") -> bool:
    try:
        content, _ = read_trusted_file(os.dup(folder), f"{key_name}.early", (os.geteuid(),))
    except (OSError, Refused):
        return False
    return content == sign_recipe(recipe)


def sign_recipe(recipe: "Recipe") -> bytes:
    return source_hash(0, format_recipe(recipe)).hex().encode()
