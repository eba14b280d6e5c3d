raise RuntimeError("what only the error log is to show")
