#ifndef MAINSPRING_COLD_H
#define MAINSPRING_COLD_H

/* Notes in the runtime folder why a start that could have been warm was cold; never complains. */
void note_cold_start(int folder, const char *id, const char *reason);

#endif
