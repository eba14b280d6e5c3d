"""A script that is not to go on is asked to end, and then ended, with all of its process group.

SIGKILL follows even where the script itself ended in time: others of its group may have stayed.  It is
sent at once then, while the number of the group cannot be another's.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mainspring.gateway.call import Process


async def end_script(process: Process, grace: float) -> int:
    """End *process* and its group, with so many seconds to do it by itself; returns how it ended."""
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(grace):
            status = await process.wait()
    except TimeoutError:
        process.send_signal(signal.SIGKILL)
        return await process.wait()
    process.send_signal(signal.SIGKILL)
    return status
