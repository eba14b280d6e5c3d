NUMBERS = (1, 2.5, 3j, 10**40, -7, True, None, ...)
TEXTS = ("", "ascii", "caf\u00e9", "\U0001f40d", b"bytes", frozenset({1, 2}))
