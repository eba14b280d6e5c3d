import re

print(re.match("\d+", "12"))
