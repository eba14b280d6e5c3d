"""A process goes on only where no thread does that a script has begun something with."""

import _thread
import sys

from mainspring.gateway.kept_child.habits import is_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Threads:
    """Those that a request has left."""

    def __init__(self) -> None:
        self.count = _thread._count()

    def are_left(self, names: "dict[str, Any]") -> bool:
        """Whether any might go on with what the script has begun."""
        if _thread._count() <= self.count:
            return False
        threading: Any = sys.modules.get("threading")
        running = [] if threading is None else threading.enumerate()
        others = [thread for thread in running if thread is not threading.main_thread()]
        if len(others) < _thread._count() or any(is_of_script(thread, names) for thread in others):
            return True
        self.count = _thread._count()
        return False


def is_of_script(thread: "Any", names: "dict[str, Any]") -> bool:
    """The interpreter would wait for one that is no daemon."""
    run = type(thread).run
    target = getattr(thread, "_target", None) if run is sys.modules["threading"].Thread.run else run
    return not thread.daemon or target is None or is_of(target, names)
