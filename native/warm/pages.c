/* Pages that are sure to be written to are copied before anybody waits for it.
 *
 * After a fork, the kernel copies each page when it is first written to, which takes longer than
 * most of what a short program does with it. So a host's first starts are surveyed: their children
 * note at their ends which of the host's pages they have copies of by then. Each spare child has
 * those copied while it waits.
 *
 * The kernel tells which pages a process maps alone: those that it has a copy of, as long as there
 * is a mirror (mirror.c).
 *
 *     notes := COUNT run*    run := START PAGES
 *
 * The notes lie in memory that a host shares with its children. They are hints: what they say is
 * bounded, and looked at only where the host had memory of its own.
 */
#include "child.h"

#ifdef __linux__
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* In /proc/PROCESS/pagemap: a word for each page. */
#define IS_PRESENT (1ULL << 63)
#define IS_FILE (1ULL << 61)
#define IS_MAPPED_ONCE (1ULL << 56)

/* What is copied ahead, with what a child writes to while it waits, stays below 2.9 MB. */
enum { MOST_COPIED = 2900 << 10, MOST_AREAS = 512, MOST_PAGES = 1 << 16, MOST_RUNS = 704 };
enum { BATCH = 512 };

typedef struct {
    uintptr_t start;
    size_t pages;
} run;

typedef struct {
    size_t count;
    run runs[MOST_RUNS];
} list;

static list *shared;
static run areas[MOST_AREAS]; /* the host's own memory */
static size_t area_count;
static size_t page_size;
static unsigned char marked[MOST_PAGES / 8]; /* pages that need no copying ahead */
static size_t marked_count;
static pid_t surveyed; /* the process whose pages are noted at its end */

/* ---- the host's own memory ------------------------------------------------------------------ */

static size_t add_area(const char *line, size_t pages)
{
    unsigned long start, end;
    char access[5];
    if (sscanf(line, "%lx-%lx %4s", &start, &end, access) != 3 || strcmp(access, "rw-p") != 0)
        return 0;
    size_t more = (end - start) / page_size;
    run *last = area_count == 0 ? NULL : &areas[area_count - 1];
    int is_next = last != NULL && last->start + last->pages * page_size == start;
    if (pages + more > MOST_PAGES || (!is_next && area_count == MOST_AREAS))
        return 0;
    if (is_next)
        last->pages += more;
    else
        areas[area_count++] = (run){start, more};
    return more;
}

static int find_areas(void)
{
    char line[512];
    size_t pages = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL)
        return -1;
    page_size = (size_t)sysconf(_SC_PAGESIZE);
    area_count = 0;
    while (fgets(line, sizeof line, maps) != NULL)
        pages += add_area(line, pages);
    return fclose(maps);
}

/* ---- which of its pages a process has for itself -------------------------------------------- */

typedef int (*visitor)(size_t index, uintptr_t address, void *state);

static int visit_area(int pagemap, const run *area, size_t index, visitor visit, void *state)
{
    uint64_t words[BATCH];
    for (size_t done = 0; done < area->pages; done += BATCH) {
        size_t count = area->pages - done < BATCH ? area->pages - done : BATCH;
        uintptr_t start = area->start + done * page_size;
        off_t place = (off_t)(start / page_size * sizeof *words);
        if (pread(pagemap, words, count * sizeof *words, place) != (ssize_t)(count * sizeof *words))
            return -1;
        for (size_t i = 0; i < count; i++) {
            int is_own = (words[i] & (IS_PRESENT | IS_FILE | IS_MAPPED_ONCE)) ==
                         (IS_PRESENT | IS_MAPPED_ONCE);
            if (is_own && visit(index + done + i, start + i * page_size, state) < 0)
                return -1;
        }
    }
    return 0;
}

static int visit_own_pages(visitor visit, void *state)
{
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (pagemap < 0)
        return -1;
    int status = 0;
    size_t index = 0;
    for (size_t i = 0; status == 0 && i < area_count; i++) {
        status = visit_area(pagemap, &areas[i], index, visit, state);
        index += areas[i].pages;
    }
    close(pagemap);
    return status;
}

static int mark(size_t index, uintptr_t Py_UNUSED(address), void *Py_UNUSED(state))
{
    marked[index / 8] |= (unsigned char)(1 << index % 8);
    marked_count++;
    return 0;
}

typedef struct {
    list *noted;
    size_t room; /* in pages */
} noting;

static int note(size_t index, uintptr_t address, void *state)
{
    noting *at = state;
    list *noted = at->noted;
    if (marked[index / 8] & 1 << index % 8)
        return 0;
    run *last = noted->count == 0 ? NULL : &noted->runs[noted->count - 1];
    int is_next = last != NULL && last->start + last->pages * page_size == address;
    if (at->room == 0 || (!is_next && noted->count >= MOST_RUNS))
        return -1;
    at->room--;
    if (is_next)
        last->pages++;
    else
        noted->runs[noted->count++] = (run){address, 1};
    return 0;
}

/* Adds to what is there: one that is killed meanwhile leaves that. */
static void add_notes(void)
{
    static list noted;
    size_t most = MOST_COPIED / page_size;
    noting at = {&noted, marked_count < most ? most - marked_count : 0};
    memcpy(&noted, shared, sizeof noted);
    if (noted.count > MOST_RUNS) /* whoever shares the memory may write there at any time */
        noted.count = 0;
    (void)visit_own_pages(note, &at);
    memcpy(shared, &noted, sizeof noted);
}

/* What was noted before is marked by now: it was copied ahead. */
void note_end_pages(void)
{
    if (shared != NULL && surveyed == getpid())
        add_notes();
}

/* ---- copying -------------------------------------------------------------------------------- */

static int is_in_area(const run *wanted)
{
    for (size_t i = 0; i < area_count; i++) {
        uintptr_t end = areas[i].start + areas[i].pages * page_size;
        if (wanted->start >= areas[i].start && wanted->start < end)
            return wanted->pages <= (end - wanted->start) / page_size;
    }
    return 0;
}

static void copy_listed(const list *noted)
{
    size_t room = MOST_COPIED / page_size;
    size_t count = *(const volatile size_t *)&noted->count;
    for (size_t i = 0; i < count && i < MOST_RUNS; i++) {
        run wanted = noted->runs[i];
        if (!is_in_area(&wanted) || wanted.pages > room)
            return;
        room -= wanted.pages;
        madvise((void *)wanted.start, wanted.pages * page_size, MADV_POPULATE_WRITE);
    }
}

/* ---- a child's share ------------------------------------------------------------------------- */

/* What a survey finds is what was not copied ahead. */
void prepare_pages(int is_idle)
{
    if (shared == NULL || !(is_idle || is_surveying()))
        return;
    copy_listed(shared);
    if (is_surveying() && visit_own_pages(mark, NULL) == 0)
        surveyed = getpid();
}

/* ---- functions ------------------------------------------------------------------------------ */

PyDoc_STRVAR(begin_survey_doc,
             "begin_survey()\n--\n\n"
             "Have what this process owns surveyed, in it and in its children.  Raises OSError.");

static PyObject *begin_survey(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(args))
{
    int access = PROT_READ | PROT_WRITE;
    void *memory = mmap(NULL, sizeof *shared, access, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || find_areas() < 0)
        return system_error();
    shared = memory;
    allow_rounds();
    Py_RETURN_NONE;
}

/* It might give up its rights, and go on to write. */
void keep_shared(void)
{
    if (shared != NULL)
        madvise(shared, sizeof *shared, MADV_DONTFORK);
    keep_uses();
}

PyMethodDef pages_methods[] = {
    {"begin_survey", begin_survey, METH_NOARGS, begin_survey_doc},
    {NULL, NULL, 0, NULL},
};

#else
void note_end_pages(void) {}

PyMethodDef pages_methods[] = {{NULL, NULL, 0, NULL}};
#endif
