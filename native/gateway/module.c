/* mainspring._gateway: how a gateway starts scripts, with the launcher's own files, and what is
 * taken apart for each request. */
#include "gateway.h"

static int add_functions(PyObject *module)
{
    if (PyModule_AddFunctions(module, reach_methods) < 0)
        return -1;
    if (PyModule_AddFunctions(module, limit_methods) < 0)
        return -1;
    if (PyModule_AddFunctions(module, pairs_methods) < 0)
        return -1;
    return PyModule_AddFunctions(module, spawn_methods);
}

/* CPython keeps these functions as pointers to data. */
#pragma GCC diagnostic ignored "-Wpedantic"

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)add_functions}, {0, NULL}};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "mainspring._gateway",
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__gateway(void);

PyMODINIT_FUNC PyInit__gateway(void) { return PyModuleDef_Init(&definition); }
