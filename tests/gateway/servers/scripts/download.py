"""Answers with as many megabytes as the query says."""

import os
import sys

BLOCK = bytes(range(256)) * 256
megabytes = int(os.environ["QUERY_STRING"].partition("=")[2])
out = sys.stdout.buffer
out.write(b"Content-Type: application/octet-stream\n")
out.write(b"Content-Length: %d\n\n" % (megabytes << 20))
for _ in range(megabytes * 16):
    out.write(BLOCK)
