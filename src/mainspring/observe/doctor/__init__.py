"""Finds what stops Mainspring from helping."""
