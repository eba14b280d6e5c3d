"""A pseudo-terminal that all runs of a check share: hosts belong to the session of a terminal."""

import fcntl
import os
import pty
import struct
import termios

ROWS, COLUMNS = 24, 80
END_OF_INPUT = b"\x04"


class Terminal:
    """The two ends of a pseudo-terminal, which is this session's own."""

    def __init__(self, typed: bytes) -> None:
        self.ours, self.theirs = pty.openpty()
        self._typed = typed
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        fcntl.ioctl(self.theirs, termios.TIOCSCTTY, 0)
        self._modes = termios.tcgetattr(self.theirs)

    def prepare(self) -> None:
        """Be as new, with all input typed."""
        termios.tcsetattr(self.theirs, termios.TCSANOW, self._modes)
        termios.tcflush(self.theirs, termios.TCIOFLUSH)
        if self._typed:
            os.write(self.ours, self._typed + END_OF_INPUT)

    def close(self) -> None:
        os.close(self.theirs)
        os.close(self.ours)
