"""Says which process it is, and waits for good."""

import os
import signal
import sys

print("Content-Type: text/plain\nX-Accel-Buffering: no\n")
print(os.getpid())
sys.stdout.flush()
while True:
    signal.pause()
