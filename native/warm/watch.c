/* whether files are as they were */
#include "warm.h"

PyMethodDef watch_methods[] = {{NULL, NULL, 0, NULL}};
