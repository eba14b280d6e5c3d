"""What others may do to a cache, a log or an interpreter: the program runs, and nothing gets in."""
