"""Sends an event for each line that comes out of a pipe."""

import os
import sys

print("Content-Type: text/event-stream\nX-Accel-Buffering: no\nCache-Control: no-cache\n")
print("data: ready\n")
sys.stdout.flush()
with open(os.environ["QUERY_STRING"].partition("=")[2], encoding="utf-8") as pipe:
    for line in pipe:
        print(f"data: {line}")
        sys.stdout.flush()
