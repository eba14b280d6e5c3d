/*
 * Whether an interpreter that ignores PYTHONPATH (-E, -I) can be reached by LD_PRELOAD.
 *
 * It is a program for glibc's loader and for this machine's kind of processor, since any other
 * loader complains of a library that is not its own; and its rights are nobody else's, since the
 * loader then ignores the variable.
 */
#include "reach.h"

#ifdef __linux__
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "text.h"

/* In these the program headers and the loader's name are, wherever a linker has made them. */
#define BEGINNING_BYTES 4096
#define LOADER "/ld-linux"

/* The kind of processor that the launcher itself is for. */
static bool is_of_this_kind(const ElfW(Ehdr) * header)
{
    static ElfW(Ehdr) own;
    int descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    ssize_t length = read(descriptor, &own, sizeof own);
    close(descriptor);
    return length == sizeof own && memcmp(header->e_ident, own.e_ident, EI_VERSION + 1) == 0 &&
           header->e_machine == own.e_machine;
}

/* NULL where there is none: a static program. */
static const char *find_loader(const char *beginning, size_t length)
{
    ElfW(Ehdr) header;
    ElfW(Phdr) segment;
    memcpy(&header, beginning, sizeof header);
    for (size_t i = 0; i < header.e_phnum; i++) {
        uint64_t at = header.e_phoff + i * sizeof segment;
        if (at > length - sizeof segment)
            return NULL;
        memcpy(&segment, beginning + at, sizeof segment);
        if (segment.p_type == PT_INTERP && segment.p_offset < length)
            return beginning + segment.p_offset;
    }
    return NULL;
}

static bool has_own_loader(int descriptor)
{
    char beginning[BEGINNING_BYTES + 1];
    ElfW(Ehdr) header;
    ssize_t length = read(descriptor, beginning, BEGINNING_BYTES);
    if (length < (ssize_t)sizeof(ElfW(Phdr)) || length < (ssize_t)sizeof header)
        return false;
    beginning[length] = '\0';
    memcpy(&header, beginning, sizeof header);
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || !is_of_this_kind(&header))
        return false;
    const char *loader = find_loader(beginning, (size_t)length);
    const char *name = loader == NULL ? NULL : strrchr(loader, '/');
    return name != NULL && starts_with(name, LOADER);
}

static bool has_callers_rights(int descriptor)
{
    struct stat file;
    return fstat(descriptor, &file) == 0 && (file.st_mode & (S_ISUID | S_ISGID)) == 0 &&
           fgetxattr(descriptor, "security.capability", NULL, 0) < 0;
}

/* The loader splits at both, and expands what is behind a dollar. */
static bool is_loadable(const char *start_folder)
{
    char library[PATH_MAX];
    return strpbrk(start_folder, ": $") == NULL && join_path(library, start_folder, PRELOADED) &&
           access(library, R_OK) == 0;
}

bool can_preload(const char *interpreter, const char *start_folder)
{
    if (!is_loadable(start_folder))
        return false;
    int descriptor = open(interpreter, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return false;
    bool possible = has_callers_rights(descriptor) && has_own_loader(descriptor);
    close(descriptor);
    return possible;
}
#else
bool can_preload(const char *interpreter, const char *start_folder)
{
    (void)interpreter;
    (void)start_folder;
    return false;
}
#endif
