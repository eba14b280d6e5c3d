"""Warm starts: a program waits just before its first line, and each start of it is a fork."""
