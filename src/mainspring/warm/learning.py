"""Two recorded starts teach what may come before a program: what both imported, in the same order.

A program changes, and the first starts need not be like those that come later.  So a start that finds its
host stale is recorded, and takes the place of what was known; and a host whose programs import much that
no recorded start did has them recorded anew.
"""

from mainspring.warm.recipe import (
    AT_ONCE,
    BEFORE_PROGRAM,
    CHECKPOINT_MODULE,
    FOUND,
    LOADED,
    Recipe,
    change_recipe,
    format_recipe,
    split_step,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def merge_recipes(first: Recipe, second: Recipe) -> Recipe:
    """What two recorded starts have in common: the imports of both, in the same order.

    One start that was ruled out is an odd one: it tells nothing about the other.
    """
    if was_ruled_out(first) != was_ruled_out(second):
        return take_the_better(first, second)
    merged = Recipe(second.program, second.python)
    merged.starts = first.starts + second.starts
    merged.names, merged.selects = first.names | second.names, first.selects | second.selects
    merged.files, merged.folders = first.files | second.files, first.folders | second.folders
    merged.has_checkpoint = first.has_checkpoint and second.has_checkpoint
    merged.ended = second.ended
    merged.modules = find_most(first, second)
    merged.ahead = find_common(first.ahead, second.ahead)
    merged.left_out = leave_out(merged.ahead, first, second)
    merged.state = name_state(merged)
    return merged


def take_the_better(first: Recipe, second: Recipe) -> Recipe:
    """That of the two which came to its program, until another start was recorded."""
    better = second if was_ruled_out(first) else first
    better.names, better.selects = first.names | second.names, first.selects | second.selects
    return better


def was_ruled_out(recipe: Recipe) -> bool:
    """Whether the start came to nothing before its program began."""
    return recipe.ended is not None and recipe.ended[1] == BEFORE_PROGRAM


def find_most(one: Recipe, other: Recipe) -> int:
    """The most modules that a start had; 0 if that is not known of both."""
    return max(one.modules, other.modules) if one.modules and other.modules else 0


def name_state(recipe: Recipe) -> str:
    if not recipe.is_final:
        return "recording"
    if recipe.ended is not None and was_ruled_out(recipe):
        return f"never {recipe.ended[0]}"
    return "ready"  # the interpreter's own start is saved even where no import is


def find_common(
    first: "list[tuple[str, int]]", second: "list[tuple[str, int]]"
) -> "list[tuple[str, int]]":
    """The longest run of imports that both made, in the same order, with the shorter times."""
    places = {module: place for place, (module, _) in enumerate(second)}
    shared = [(module, spent_us) for module, spent_us in first if module in places]
    chains = find_chains([places[module] for module, _ in shared])
    return [
        (module, min(spent_us, second[places[module]][1]))
        for module, spent_us in (shared[index] for index in chains)
    ]


def find_chains(places: "list[int]") -> "list[int]":
    """The indexes of a longest rising chain of *places*."""
    best: list[list[int]] = []
    for index, place in enumerate(places):
        before = [chain for chain in best if places[chain[-1]] < place]
        best.append([*max(before, key=len, default=[]), index])
    return max(best, key=len, default=[])


def leave_out(
    ahead: "list[tuple[str, int]]", first: Recipe, second: Recipe
) -> "list[tuple[str, str, str]]":
    known = {split_step(step)[1] for step, _ in ahead if not step.startswith((FOUND, AT_ONCE))}
    rows = {}
    for recipe in (first, second):
        for module, _ in recipe.imports:
            rows[module] = (module, "not-always", "")
        for row in recipe.left_out:
            rows[row[0]] = row
    return [row for module, row in rows.items() if module not in known]


def amend_recipe(
    recipe: Recipe,
    effect: "tuple[str, str, str] | None",
    names: "Iterable[str]",
    *,
    selects: "Iterable[str]" = (),
    instead: "Iterable[tuple[str, int]]" = (),
) -> None:
    """Take *effect*'s module out of the imports ahead, and add what was read of the caller.

    *instead* has imports that may take its place.
    """
    recipe.names.update(names)
    recipe.selects.update(selects)
    if effect is not None:
        module = effect[0]
        recipe.has_checkpoint &= module != CHECKPOINT_MODULE
        known = {name for name, _ in recipe.ahead}
        new = [row for row in instead if row[0] not in known]
        rows = [new if is_import(row[0], module) else [row] for row in recipe.ahead]
        recipe.ahead = [row for group in rows for row in group if row[0] != f"{FOUND} {module}"]
        recipe.left_out = [row for row in recipe.left_out if row[0] != module]
        recipe.left_out.append(effect)


def is_import(step: str, module: str) -> bool:
    """Whether *step* runs the code of *module*."""
    how, name = split_step(step)
    return name == module and how in {"", LOADED}


def add_recorded_start(folder: int, recipe_id: str, recorded: Recipe) -> bool:
    """Merge *recorded* into its recipe, if that still learns; whether it did.  Raises OSError."""

    def merge(known: Recipe | None) -> Recipe | None:
        if known is None or known.starts == 0:
            return begin_anew(known, recorded)
        return None if known.is_final else merge_recipes(known, recorded)

    return change_recipe(folder, recipe_id, merge)


def begin_anew(known: Recipe | None, recorded: Recipe) -> Recipe:
    """The first of two recorded starts; that starts may import as much as *known* says is no news."""
    if known is not None:
        recorded.modules = find_most(known, recorded)
    return recorded


def renew(folder: int, recipe_id: str, recorded: Recipe) -> bool:
    """Let *recorded* take the place of what was known; whether it did.  Raises OSError.

    A start that was ruled out is an odd one: what was known stays, and a host may try it.
    """

    def change(known: Recipe | None) -> Recipe | None:
        if known is not None and was_ruled_out(recorded):
            known.state = "ready" if known.state == "stale" else known.state
            return known
        if known is not None and known.is_final:
            recorded.starts = known.starts
            recorded.state = name_state(recorded)
        return recorded

    return change_recipe(folder, recipe_id, change)


def note_stale(folder: int, recipe_id: str, used: Recipe) -> bool:
    """Have one start recorded in the place of *used*; whether that was written.  Raises OSError."""
    return change_used(folder, recipe_id, used, used.starts, "stale")


def learn_anew(folder: int, recipe_id: str, used: Recipe) -> bool:
    """Have starts recorded as if *used* were not known; whether that was written.  Raises OSError."""
    return change_used(folder, recipe_id, used, 0, "recording")


def change_used(folder: int, recipe_id: str, used: Recipe, starts: int, state: str) -> bool:
    """Change what a host has used, unless something else is known by now."""

    def change(known: Recipe | None) -> Recipe | None:
        if known is None or format_recipe(known) != format_recipe(used):
            return None
        known.starts, known.state = starts, state
        return known

    return change_recipe(folder, recipe_id, change)


def amend(  # noqa: PLR0913 - all that a host may learn
    folder: int,
    recipe_id: str,
    effect: "tuple[str, str, str] | None",
    names: "Iterable[str]" = (),
    *,
    selects: "Iterable[str]" = (),
    instead: "Iterable[tuple[str, int]]" = (),
) -> bool:
    """Write into a recipe what a host found out; whether that could be done.  Raises OSError."""

    def change(known: Recipe | None) -> Recipe | None:
        if known is not None:
            amend_recipe(known, effect, names, selects=selects, instead=instead)
        return known

    return change_recipe(folder, recipe_id, change)


def give_up(folder: int, recipe_id: str, reason: str) -> bool:
    """Have no more hosts; whether that could be written.  Raises OSError."""

    def change(known: Recipe | None) -> Recipe | None:
        if known is not None:
            known.state = f"never {reason}"
        return known

    return change_recipe(folder, recipe_id, change)
