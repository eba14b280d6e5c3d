"""The cache as a whole: its bound, its sweep and its counts."""
