"""Answers with the location that the query gives."""

import os
from urllib.parse import unquote

print(f"Location: {unquote(os.environ['QUERY_STRING'].partition('=')[2])}\n")
