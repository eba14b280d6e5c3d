import os

print(f"Content-Type: text/plain\n\nother in {os.path.basename(os.getcwd())}")
