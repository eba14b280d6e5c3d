# ---- record.c

# ---- watch.c

# ---- finish.c

# ---- socket.c

# ---- adopt.c
