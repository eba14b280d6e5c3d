"""The same case under plain python and under each kind of start: everything seen must be equal."""
