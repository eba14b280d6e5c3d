"""`enable`, `disable` and `explain`, on real interpreters."""
