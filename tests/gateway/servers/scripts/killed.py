"""Begins an answer, and is killed when the FIFO that the query names has been written to."""

import os
import signal
import sys
from urllib.parse import parse_qs

query = {name: values[0] for name, values in parse_qs(os.environ["QUERY_STRING"]).items()}
size = int(query["size"])
sys.stdout.write("Content-Type: text/plain\nX-Accel-Buffering: no\n")
if "length" in query:
    sys.stdout.write(f"Content-Length: {2 * size}\n")
sys.stdout.write("\n" + size * "x")
sys.stdout.flush()
with open(query["pipe"]) as pipe:
    pipe.read()
os.kill(os.getpid(), signal.SIGKILL)
