"""Begins an answer and is killed; if it is asked for, the answer says how long it would have been."""

import os
import signal
import sys

size = 300_000 if "large" in os.environ["QUERY_STRING"] else 10
sys.stdout.write("Content-Type: text/plain\n")
if "length" in os.environ["QUERY_STRING"]:
    sys.stdout.write(f"Content-Length: {2 * size}\n")
sys.stdout.write("\n" + size * "x")
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
