"""Answers a form with its fields."""

import json
import os
import sys
from urllib.parse import parse_qsl

text = sys.stdin.read(int(os.environ["CONTENT_LENGTH"]))
print("Content-Type: application/json\n")
print(json.dumps(parse_qsl(text, keep_blank_values=True)))
