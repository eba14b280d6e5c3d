"""The place where an interpreter comes past Mainspring at each start, and what stands there.

That is its `sitecustomize`, or a line of a `.pth` file where another `sitecustomize` is found first.
"""
