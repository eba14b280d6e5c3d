"""Shows what Mainspring does, and why."""
