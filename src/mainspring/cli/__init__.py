"""Arguments to action."""
