"""What a start may cost, and which way imports point."""
