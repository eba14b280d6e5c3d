"""A program that waits before its first line, and each of whose starts is a fork of it."""
