"""Real commands, started from hosts."""
