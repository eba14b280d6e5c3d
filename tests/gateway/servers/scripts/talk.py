"""Says which process it is, and goes on talking for good."""

import os
import sys
import time

print("Content-Type: text/plain\nX-Accel-Buffering: no\n")
print(os.getpid())
while True:
    sys.stdout.flush()
    time.sleep(0.02)
    print("and so on")
