"""What happens to starts while they run: changed scripts, signals, kills, limits, many at once."""
