/* mainspring._warm: what warm starts need of the system, apart from what every start loads. */
#include "warm.h"

static int add_functions(PyObject *module)
{
    PyMethodDef *const parts[] = {
        record_methods, wrapper_methods,    disguise_methods, watch_methods,    finish_methods,
        socket_methods, wait_methods,       strings_methods,  adopt_methods,    divert_methods,
        pages_methods,  follow_methods,     uses_methods,     start_methods,    deadline_methods,
        names_methods,  signatures_methods, takeover_methods, children_methods, doors_methods,
        admit_methods,  streams_methods};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (PyModule_AddFunctions(module, parts[i]) < 0)
            return -1;
    }
    return add_record_constants(module);
}

/* CPython keeps these functions as pointers to data. */
#pragma GCC diagnostic ignored "-Wpedantic"

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)add_functions}, {0, NULL}};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "mainspring._warm",
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__warm(void);

PyMODINIT_FUNC PyInit__warm(void) { return PyModuleDef_Init(&definition); }
