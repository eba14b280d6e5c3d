# ---- record.c

# ---- watch.c

# ---- finish.c

def finish(status: int | None, /) -> None: ...
def prepare_end() -> str | None: ...
def tell_end(descriptor: int, /) -> None: ...

# ---- socket.c

# ---- adopt.c
