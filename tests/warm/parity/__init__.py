"""A warm start is the same program as a cold one, in all that it sees, does and leaves behind."""
