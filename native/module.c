/* mainspring._native: the functions that Python cannot be asked for. */
#include "native.h"

#include <errno.h>

PyDoc_STRVAR(
    awaits_script_doc,
    "awaits_script()\n--\n\n"
    "Whether this is the interpreter that runs the main script, and has not begun to.\n\n"
    "`site` runs in every interpreter, and a program may run a slot again by importing it.");

static PyObject *awaits_script(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    if (PyInterpreterState_GetID(PyInterpreterState_Get()) != 0)
        Py_RETURN_FALSE;
    PyObject *main = PyDict_GetItemString(PyImport_GetModuleDict(), "__main__");
    if (main == NULL || !PyModule_Check(main))
        Py_RETURN_FALSE;
    return PyBool_FromLong(PyDict_GetItemString(PyModule_GetDict(main), "__file__") == NULL);
}

PyDoc_STRVAR(
    compile_script_doc,
    "compile_script(content, filename)\n--\n\n"
    "The code object of a script whose bytes, without a NUL, are *content*.\n\n"
    "builtins.compile gives the same, but makes all the classes of `ast` first, which costs as\n"
    "much as compiling 300 lines.  Raises SyntaxError, and what else compiling does.");

static PyObject *compile_script(PyObject *Py_UNUSED(module), PyObject *args)
{
    const char *content;
    PyObject *filename;
    if (!PyArg_ParseTuple(args, "yO&:compile_script", &content, PyUnicode_FSConverter, &filename))
        return NULL;
    const char *path = PyBytes_AsString(filename);
    PyObject *code = path == NULL ? NULL : Py_CompileString(content, path, Py_file_input);
    Py_DECREF(filename);
    return code;
}

PyDoc_STRVAR(
    arm_doc,
    "arm(filename, code, warnings, log, signature, pause, finish)\n--\n\n"
    "Start *code* instead of compiling *filename* when CPython is about to run that file.\n\n"
    "*warnings* is a tuple of (category, text, line) to give first; *log* is None, or a tuple "
    "that\n"
    "write_log in start.c describes, for the line that is written when the code is started or "
    "left\n"
    "to CPython; *interrupted* hands on a SIGINT; *signature* is the script's stat, packed as in "
    "an\n"
    "entry; *pause* is called before anything else, where the script is about to run, and what it "
    "returns\n"
    "is called then, if it can be; *finish* is called when its code has ended, with the exit "
    "status, or\n"
    "None where CPython tells of the end; either may be\n"
    "None.  Raises RuntimeError outside the main interpreter.");

PyDoc_STRVAR(
    read_folder_doc,
    "read_folder(descriptor, position, limit)\n--\n\n"
    "Up to *limit* names of the folder open at *descriptor*, from *position* on; 0 is its "
    "start.\n\n"
    "Returns a list of (name, position to go on from after it), and whether the end was come to.\n"
    "os.scandir cannot go on where an earlier process stopped.  Raises OSError.");

PyDoc_STRVAR(hand_on_interrupt_doc,
             "hand_on_interrupt()\n--\n\n"
             "Raise SIGINT again when the program starts: here, it would be the end of `site`.");

PyDoc_STRVAR(stat_files_doc,
             "stat_files(folder, names)\n--\n\n"
             "The stat of *folder*, and of each of *names* in it, which are bytes that each end "
             "with a NUL.\n\n"
             "Packed as SIGNATURE is in an entry, 40 bytes each; zeros for what is not there.");

PyDoc_STRVAR(
    write_line_doc,
    "write_line(descriptor, line)\n--\n\n"
    "Write the bytes *line*, unless nobody takes them.  Raises nothing of the file system's.");

static PyMethodDef methods[] = {
    {"arm", arm, METH_VARARGS, arm_doc},
    {"compile_script", compile_script, METH_VARARGS, compile_script_doc},
    {"awaits_script", awaits_script, METH_NOARGS, awaits_script_doc},
    {"hand_on_interrupt", hand_on_interrupt, METH_NOARGS, hand_on_interrupt_doc},
    {"read_folder", read_folder, METH_VARARGS, read_folder_doc},
    {"stat_files", stat_files, METH_VARARGS, stat_files_doc},
    {"write_line", write_line, METH_VARARGS, write_line_doc},
    {NULL, NULL, 0, NULL},
};

/* What a write can fail with, for reasons: importing `errno` would leave a module behind. */
static int add_constants(PyObject *module)
{
    const struct {
        const char *name;
        long value;
    } constants[] = {{"EDQUOT", EDQUOT},
                     {"EFBIG", EFBIG},
                     {"ENAMETOOLONG", ENAMETOOLONG},
                     {"ENOSPC", ENOSPC},
                     {"EROFS", EROFS}};
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        if (PyModule_AddIntConstant(module, constants[i].name, constants[i].value) < 0)
            return -1;
    }
    return 0;
}

/* CPython keeps these functions as pointers to data. */
#pragma GCC diagnostic ignored "-Wpedantic"

/* Py_mod_multiple_interpreters and Py_MOD_PER_INTERPRETER_GIL_SUPPORTED, which 3.11 does not know:
 * what is shared here is only ever written by the main interpreter. */
static PyModuleDef_Slot slots_since_3_12[] = {
    {Py_mod_exec, (void *)add_constants}, {3, (void *)2}, {0, NULL}};
static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)add_constants}, {0, NULL}};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "mainspring._native",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__native(void);

PyMODINIT_FUNC PyInit__native(void)
{
    if (Py_Version >= 0x030C0000)
        definition.m_slots = slots_since_3_12;
    return PyModuleDef_Init(&definition);
}
