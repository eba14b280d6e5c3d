/* connections, and descriptors that come by them */
#include "warm.h"

PyMethodDef socket_methods[] = {{NULL, NULL, 0, NULL}};
