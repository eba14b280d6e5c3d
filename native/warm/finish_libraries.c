/* A library that calls Py_AtExit has a function run by Py_FinalizeEx alone, and nothing tells of
 * that but the symbol that it asks for.
 *
 * What a library asks for stands in its dynamic symbols without a section, and with DT_GNU_HASH
 * such symbols come before those that can be found in it: symbols := asked-for* found*.
 */
#include "finish.h"

#include <dlfcn.h>
#include <string.h>

#ifdef __linux__
#include <link.h>

typedef struct {
    const ElfW(Sym) * symbols;
    const char *names;
    const uint32_t *hash;
} dynamic_part;

/* glibc has made addresses of these; musl, and the kernel's own object, leave them as offsets. */
static const void *locate(const struct dl_phdr_info *library, ElfW(Addr) place)
{
    return (const void *)(place < library->dlpi_addr ? place + library->dlpi_addr : place);
}

static void read_dynamic(const struct dl_phdr_info *library, ElfW(Addr) place, dynamic_part *part)
{
    const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(library->dlpi_addr + place);
    for (; entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_SYMTAB)
            part->symbols = locate(library, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_STRTAB)
            part->names = locate(library, entry->d_un.d_ptr);
        else if (entry->d_tag == DT_GNU_HASH)
            part->hash = locate(library, entry->d_un.d_ptr);
    }
}

static int is_listening(const char *name)
{
    return strcmp(name, "Py_AtExit") == 0 || strcmp(name, "PyUnstable_AtExit") == 0;
}

static int asks_for_end(const dynamic_part *part)
{
    /* without this table there is no telling how many symbols there are */
    if (part->symbols == NULL || part->names == NULL || part->hash == NULL)
        return 0;
    uint32_t first_found = part->hash[1];
    for (uint32_t i = 1; i < first_found; i++) {
        if (is_listening(part->names + part->symbols[i].st_name))
            return 1;
    }
    return 0;
}

/* Libraries that were there when the last look found nothing: of a host, in its children. */
static unsigned long long seen_libraries;

static int look_at_library(struct dl_phdr_info *library, size_t Py_UNUSED(size), void *data)
{
    unsigned long long *place = data;
    dynamic_part part = {NULL, NULL, NULL};
    if (library->dlpi_subs != 0)
        seen_libraries = 0; /* their order is not the one that they came in */
    if ((*place)++ < seen_libraries)
        return 0;
    for (int i = 0; i < library->dlpi_phnum; i++) {
        if (library->dlpi_phdr[i].p_type == PT_DYNAMIC)
            read_dynamic(library, library->dlpi_phdr[i].p_vaddr, &part);
    }
    return asks_for_end(&part);
}

int has_listening_library(void)
{
    unsigned long long place = 0;
    if (dl_iterate_phdr(look_at_library, &place) != 0)
        return 1;
    seen_libraries = place;
    return 0;
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
