/* What the loaded libraries want of the end of a process.
 *
 * One that calls Py_AtExit has a function run by Py_FinalizeEx alone; one that calls atexit, or has
 * code of its own to be run at the end, has that run by exit(). Nothing tells of these but what its
 * dynamic part lists: the symbols that it asks for, and the functions to be called.
 *
 * Symbols that a library asks for stand without a section. How many symbols there are, DT_HASH
 * tells, or the end of the last chain of DT_GNU_HASH; an empty table of that kind tells nothing.
 */
#include "finish.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <link.h>
#include <sys/auxv.h>

typedef struct {
    const ElfW(Sym) * symbols;
    const char *names;
    size_t names_size;
    const uint32_t *hash;      /* DT_HASH: BUCKETS, SYMBOLS, ... */
    const uint32_t *gnu_hash;  /* BUCKETS, FIRST, WORDS, SHIFT, WORD*, BUCKET*, CHAIN* */
    const unsigned char *last; /* the function that is called last */
    size_t endings;            /* the bytes of the list of functions that are called before */
} dynamic_part;

/* glibc has made addresses of these; musl, and the kernel's own object, leave them as offsets. */
static const void *locate(const struct dl_phdr_info *library, ElfW(Addr) place)
{
    return (const void *)(place < library->dlpi_addr ? place + library->dlpi_addr : place);
}

static void read_entry(const struct dl_phdr_info *library, const ElfW(Dyn) * entry,
                       dynamic_part *part)
{
    if (entry->d_tag == DT_SYMTAB)
        part->symbols = locate(library, entry->d_un.d_ptr);
    else if (entry->d_tag == DT_STRTAB)
        part->names = locate(library, entry->d_un.d_ptr);
    else if (entry->d_tag == DT_STRSZ)
        part->names_size = entry->d_un.d_val;
    else if (entry->d_tag == DT_GNU_HASH)
        part->gnu_hash = locate(library, entry->d_un.d_ptr);
    else if (entry->d_tag == DT_HASH)
        part->hash = locate(library, entry->d_un.d_ptr);
    else if (entry->d_tag == DT_FINI)
        part->last = (const unsigned char *)(library->dlpi_addr + entry->d_un.d_ptr);
    else if (entry->d_tag == DT_FINI_ARRAYSZ)
        part->endings = entry->d_un.d_val;
}

static void read_dynamic(const struct dl_phdr_info *library, dynamic_part *part)
{
    for (int i = 0; i < library->dlpi_phnum; i++) {
        if (library->dlpi_phdr[i].p_type != PT_DYNAMIC)
            continue;
        ElfW(Addr) place = library->dlpi_addr + library->dlpi_phdr[i].p_vaddr;
        const ElfW(Dyn) *entry = (const ElfW(Dyn) *)place;
        for (; entry->d_tag != DT_NULL; entry++)
            read_entry(library, entry, part);
    }
}

static int is_among(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strcmp(name, *names) == 0)
            return 1;
    }
    return 0;
}

/* The last word of a chain is odd. */
static uint32_t count_chained(const uint32_t *gnu_hash)
{
    uint32_t first = gnu_hash[1], last = 0;
    const uint32_t *buckets = gnu_hash + 4 + gnu_hash[2] * (sizeof(ElfW(Addr)) / sizeof *gnu_hash);
    const uint32_t *chains = buckets + gnu_hash[0];
    for (uint32_t i = 0; i < gnu_hash[0]; i++)
        last = buckets[i] > last ? buckets[i] : last;
    if (last < first)
        return first > 1 ? first : 0;
    while ((chains[last - first] & 1) == 0)
        last++;
    return last + 1;
}

/* How many symbols to look at; 0 if there is no telling. */
static uint32_t count_symbols(const dynamic_part *part)
{
    if (part->symbols == NULL || part->names == NULL)
        return 0;
    if (part->hash != NULL)
        return part->hash[1];
    return part->gnu_hash == NULL ? 0 : count_chained(part->gnu_hash);
}

static int asks_for(const dynamic_part *part, const char *const *names)
{
    uint32_t count = count_symbols(part);
    for (uint32_t i = 1; i < count; i++) {
        if (part->symbols[i].st_shndx == SHN_UNDEF && part->symbols[i].st_name < part->names_size &&
            is_among(part->names + part->symbols[i].st_name, names))
            return 1;
    }
    return 0;
}

/* ---- functions that exit() calls ------------------------------------------------------------ */

/* Programs that call C functions by name, as with ctypes, may call these: see may_call_any. */
static const char *const REGISTERING[] = {"atexit", "on_exit", "__cxa_atexit",
                                          "__cxa_thread_atexit_impl", NULL};
static const char *const TAKING_BACK[] = {"__cxa_finalize", NULL};
static const char *const LISTENING[] = {"Py_AtExit", "PyUnstable_AtExit", NULL};

/* The compiler's own, in a library that has none: it gives up what it has on the stack. */
static int is_empty_function(const unsigned char *code)
{
#if defined(__x86_64__)
    static const unsigned char landing[] = {0xf3, 0x0f, 0x1e, 0xfa};
    static const unsigned char empty[] = {0x48, 0x83, 0xec, 0x08, 0x48, 0x83, 0xc4, 0x08, 0xc3};
    if (memcmp(code, landing, sizeof landing) == 0)
        code += sizeof landing;
    return memcmp(code, empty, sizeof empty) == 0;
#elif defined(__aarch64__)
    static const uint32_t guarded[] = {0xd503233f, 0xa9bf7bfd, 0x910003fd,
                                       0xa8c17bfd, 0xd50323bf, 0xd65f03c0};
    static const uint32_t landing[] = {0xd503245f, 0xa9bf7bfd, 0x910003fd, 0xa8c17bfd, 0xd65f03c0};
    return memcmp(code, guarded, sizeof guarded) == 0 ||
           memcmp(code, landing, sizeof landing) == 0 ||
           memcmp(code, landing + 1, sizeof landing - sizeof *landing) == 0;
#else
    (void)code;
    return 0;
#endif
}

/* The one function in the list is then the compiler's, too, if it takes back what was registered.
 */
static int has_endings(const dynamic_part *part)
{
    if (part->last == NULL)
        return part->endings != 0;
    if (!is_empty_function(part->last) || part->endings > sizeof(ElfW(Addr)))
        return 1;
    return part->endings != 0 && !asks_for(part, TAKING_BACK);
}

/* OpenSSL gives its memory back, and has its engines and providers end, if it has loaded any. */
static int is_harmless(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    return strncmp(name, "libcrypto.so", 12) == 0 || strncmp(name, "libcrypto-", 10) == 0;
}

/* By ctypes and cffi, a program may call any function by its name, atexit() as well. */
static int is_plugin(const char *path)
{
    if (strstr(path, "/_ctypes.") != NULL || strstr(path, "_cffi_backend") != NULL)
        return 1;
    return strstr(path, "/ossl-modules/") != NULL || strstr(path, "/engines-") != NULL;
}

static int wants_exit(const char *path, const dynamic_part *part)
{
    return is_plugin(path) || has_endings(part) ||
           (!is_harmless(path) && asks_for(part, REGISTERING));
}

/* Whatever the linker tells of a process, it tells at exit(). */
static int is_linker_watched(void)
{
    return getenv("LD_AUDIT") != NULL || getenv("LD_DEBUG") != NULL || getenv("LD_PROFILE") != NULL;
}

static int may_call_any(void)
{
    PyObject *modules = PyImport_GetModuleDict();
    return PyDict_GetItemString(modules, "_ctypes") != NULL ||
           PyDict_GetItemString(modules, "_cffi_backend") != NULL;
}

/* ---- the look ------------------------------------------------------------------------------- */

/* Libraries that were there when the last look found nothing: of a host, in its children. */
static unsigned long long seen_libraries;
static int exit_wanted;

static int look_at_library(struct dl_phdr_info *library, size_t Py_UNUSED(size), void *data)
{
    unsigned long long *place = data;
    dynamic_part part = {0};
    if (library->dlpi_subs != 0)
        seen_libraries = 0; /* their order is not the one that they came in */
    if ((*place)++ < seen_libraries)
        return 0;
    read_dynamic(library, &part);
    if (library->dlpi_addr == getauxval(AT_SYSINFO_EHDR))
        return 0; /* the kernel's own */
    if (count_symbols(&part) == 0) {
        exit_wanted = 1;
        return part.symbols != NULL;
    }
    exit_wanted |= wants_exit(library->dlpi_name, &part);
    return asks_for(&part, LISTENING);
}

int has_listening_library(void)
{
    unsigned long long place = 0;
    exit_wanted |= is_linker_watched() || may_call_any();
    if (dl_iterate_phdr(look_at_library, &place) != 0)
        return 1;
    seen_libraries = place;
    return 0;
}

_Noreturn void end_process(int status)
{
    if (exit_wanted)
        exit(status);
    fflush(NULL);
    fflush(stdin); /* what was read too much is given back */
    _exit(status);
}

/* ---- whose code it is ------------------------------------------------------------------------ */

typedef struct {
    uintptr_t address, start, end;
} range;

static int find_range(struct dl_phdr_info *library, size_t Py_UNUSED(size), void *data)
{
    range *found = data;
    for (int i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &library->dlpi_phdr[i];
        found->start = library->dlpi_addr + part->p_vaddr;
        found->end = found->start + part->p_memsz;
        if (part->p_type == PT_LOAD && found->address >= found->start &&
            found->address < found->end)
            return 1;
    }
    return 0;
}

/* dladdr looks for the nearest name among all of the interpreter's: most code is its own. */
static int is_interpreter_code(const void *address)
{
    static range own;
    if (own.address == 0) {
        own.address = (uintptr_t)PyType_GetSlot(&PyBaseObject_Type, Py_tp_dealloc);
        if (dl_iterate_phdr(find_range, &own) == 0)
            own.start = own.end = 0;
    }
    return (uintptr_t)address >= own.start && (uintptr_t)address < own.end;
}
#else
int has_listening_library(void) { return 1; }

_Noreturn void end_process(int status) { exit(status); }

static int is_interpreter_code(const void *address)
{
    Dl_info place, own;
    return dladdr(address, &place) != 0 &&
           dladdr(PyType_GetSlot(&PyBaseObject_Type, Py_tp_dealloc), &own) != 0 &&
           place.dli_fbase == own.dli_fbase;
}
#endif

int is_own_code(const void *address)
{
    Dl_info place;
    if (is_interpreter_code(address))
        return 1;
    return dladdr(address, &place) != 0 && strstr(place.dli_fname, "/lib-dynload/") != NULL;
}
