/* what a start imports, reads and does */
#include "warm.h"

PyMethodDef record_methods[] = {{NULL, NULL, 0, NULL}};
