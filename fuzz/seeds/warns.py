import re

print(re.match("\d+", "12"))  # noqa: W605 - compiling this gives a warning
