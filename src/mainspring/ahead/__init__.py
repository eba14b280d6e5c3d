"""Compiles ahead of time: a tree of modules as `compileall` does, and the entries of scripts."""

from mainspring.ahead.request import Invalidation, Request
from mainspring.ahead.tree import compile_tree

__all__ = ["Invalidation", "Request", "compile_tree"]
