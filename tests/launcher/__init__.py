"""The native launcher, as real processes."""
