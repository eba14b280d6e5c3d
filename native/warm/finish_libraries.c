/* A library that calls Py_AtExit has a function run by Py_FinalizeEx alone, and nothing tells of that
 * but the symbol that it asks for. */
#include "finish.h"

int has_listening_library(void) { return 0; }
