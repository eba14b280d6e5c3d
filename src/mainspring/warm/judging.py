"""Whether a fork of what a host has become would be a start, and what the recipe learns if it is not."""

import os

from mainspring.warm.condition import GivenUp
from mainspring.warm.hostkey import is_selected
from mainspring.warm.learning import amend, give_up
from mainspring.warm.recipe import CHECKPOINT_MODULE
from mainspring.warm.siterun import is_measured

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.reasons import HostEnd
    from mainspring.warm.ahead import Ahead
    from mainspring.warm.claim import Claim
    from mainspring.warm.recipe import Recipe

#: what a program left before its checkpoint -> why it is not paused there
LEFT_BEHIND = {
    "children": "process",
    "descriptors": "descriptor",
    "environment": "environment",
    "signals": "signals",
    "threads": "thread",
}


def judge_ahead(ahead: "Ahead", recipe: "Recipe", claim: "Claim") -> None:
    """Raises GivenUp where what was imported may not be ahead of these callers' starts."""
    if ahead.is_ruled_out:
        give_up(claim.folder, claim.recipe_id, "site")
        raise GivenUp("site")
    if is_measured():
        raise GivenUp("site", "coverage")  # this caller's affair, and no other's
    if ahead.effect is not None:
        is_known = amend(claim.folder, claim.recipe_id, ahead.effect, instead=ahead.instead)
        raise GivenUp("effect", " ".join(ahead.effect).rstrip(), is_known=is_known)
    names = {name for name in ahead.read_names if not is_selected(name)} - recipe.names
    selects = ahead.selects - recipe.selects
    if names or selects:
        is_known = amend(claim.folder, claim.recipe_id, None, names, selects=selects)
        is_known &= not selects and not any(name in os.environ for name in names)  # the same key
        raise GivenUp("selection", " ".join(sorted(names | selects)), is_known=is_known)


def judge_condition(difference: "HostEnd | None", claim: "Claim", *, is_at_checkpoint: bool) -> None:
    """Raises GivenUp if there is a difference: something that no fork has, or that it would share."""
    if difference is None:
        return
    if is_at_checkpoint:
        effect = (CHECKPOINT_MODULE, LEFT_BEHIND[difference], "")
        amend(claim.folder, claim.recipe_id, effect)
    else:
        give_up(claim.folder, claim.recipe_id, difference)
    raise GivenUp(difference)
