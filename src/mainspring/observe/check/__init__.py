"""Runs a program each way there is to start it, and compares what can be observed."""
