"""A host's claim to its key: by the lock that its helper took, until it makes way for the next host."""

import os

from mainspring.places import read_file
from mainspring.warm.hostkey import find_session, hash_key
from mainspring.warm.hostlog import tell_of_host
from mainspring.warm.learning import learn_anew, note_stale
from mainspring.warm.leftovers import remove_key
from mainspring.warm.recipe import name_recipe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.reasons import HostEnd
    from mainspring.warm.recipe import Recipe


class Claim:
    """What one host alone serves, and where it is found and remembered: the runtime folder."""

    def __init__(self, recipe_id: str, script: str, key: int, places: tuple[int, int]) -> None:
        self.recipe_id = recipe_id
        self.script = script
        self.folder, self.lock = places
        self.key = read_file(key)
        os.close(key)
        for descriptor in places:
            os.set_inheritable(descriptor, False)
        self.name = f"{hash_key(self.key):032x}"
        self.began_ns = os.fstat(self.lock).st_mtime_ns  # noted just before this process executed Python

    @property
    def socket(self) -> str:
        return f"{self.name}.sock"

    @property
    def session(self) -> str:
        """That of the callers, with its terminal; empty without one."""
        return find_session(self.key)

    def tell(self, what: str, rest: str) -> None:
        tell_of_host(os.environ, what, f"{rest} {self.script}")

    def note_success(self) -> None:
        """Let the next host be tried at once: this one is up, or has learnt why it is not."""
        try:
            os.ftruncate(self.lock, 0)
        except OSError:
            pass  # it will have to wait

    def note_use(self) -> None:
        """Let host and recipe be the youngest: those that are not used for long are removed."""
        try:
            os.utime(self.socket, dir_fd=self.folder)
            os.utime(name_recipe(self.recipe_id), dir_fd=self.folder)
        except OSError:
            pass  # they are removed already

    def pass_on(self, end: "HostEnd", recipe: "Recipe | None") -> None:
        """Let what ended this host be of use to the next one."""
        try:
            if end == "outdated" and recipe is not None:
                learn_anew(self.folder, self.recipe_id, recipe)
            elif end == "stale" and recipe is not None:
                note_stale(self.folder, self.recipe_id, recipe)
        except OSError:
            pass  # it knows what this one did

    def give_way(self) -> None:
        """Let the next host come up."""
        remove_key(self.folder, self.name)
        os.close(self.lock)
