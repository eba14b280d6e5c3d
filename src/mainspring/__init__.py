"""Starts Python programs from cached code."""

__version__ = "0.1.0"
