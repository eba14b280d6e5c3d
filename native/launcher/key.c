/*
 * What selects a host, each field with a NUL behind it:
 *
 *   key text     = program text, identity (see identity.c), selected*
 *   program text = VERSION of Mainspring, interpreter, option*, "", "script", path
 *   selected     = "env:" NAME "=" VALUE        in the order of the names; then, as the recipe
 * says, "folder=" PATH | "arguments=" N | "argument-0=" WORD       in this order ID, KEY      =
 * FNV-1a, 128 bits, of the program text and of the key text
 */
#include "key.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const prefixes[] = {
    "LC_",       "LANG", "PYTHON", "LD_",        "MALLOC_",    "OMP_",      "MKL_",
    "OPENBLAS_", "SSL_", "TZ",     "MAINSPRING", "GLIBC_",     "COV_CORE_", "COVERAGE_",
    "OPENSSL_",  "NPY_", "KMP_",   "GOMP_",      "GCONV_PATH", "LOCPATH",
};
static const char *const names[] = {
    "HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "SETUPTOOLS_USE_DISTUTILS",
};
/* The hook has taken them away when the program runs; and a child writes to its own caller's log.
 */
static const char *const passing[] = {"MAINSPRING_START", "MAINSPRING_WARM", "MAINSPRING_LOG"};
/* The interpreter and the loader look for files by these; a host's working directory is "/". */
static const struct path_variable {
    const char *name;
    const char *separators;
    bool is_searched; /* a name without a slash is looked for in folders of the system */
} paths[] = {
    {"PYTHONPATH", ":", false},       {"PYTHONHOME", ":", false},
    {"PYTHONUSERBASE", "", false},    {"PYTHONPYCACHEPREFIX", "", false},
    {"LD_LIBRARY_PATH", ":;", false}, {"LD_PRELOAD", ": ", true},
    {"LD_AUDIT", ":", true},          {"COVERAGE_PROCESS_START", "", false},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void add_field(struct text *text, const char *field)
{
    add_bytes(text, field, strlen(field) + 1);
}

/* Another version may record, judge and speak differently: it has recipes and hosts of its own. */
void add_program_text(struct text *text, char **arguments, size_t script, const char *path)
{
    add_field(text, MAINSPRING_VERSION);
    for (size_t i = 0; i < script; i++)
        add_field(text, arguments[i]);
    add_field(text, "");
    add_field(text, "script");
    add_field(text, path);
}

static bool is_one_of(const char *const *list, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == length && memcmp(list[i], name, length) == 0)
            return true;
    }
    return false;
}

static bool has_prefix(const char *variable)
{
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        if (prefixes[i][0] == variable[0] && starts_with(variable, prefixes[i]))
            return true;
    }
    return false;
}

static bool is_selected(const char *variable, const struct recipe *recipe)
{
    size_t length = strcspn(variable, "=");
    if (variable[length] == '\0' || is_one_of(passing, COUNT(passing), variable, length))
        return false;
    return has_prefix(variable) || is_one_of(names, COUNT(names), variable, length) ||
           recipe_names(recipe, variable, length);
}

/* By name; of one that occurs twice, the first decides what the program sees, and the kernel lays
 * them out in their order. */
static int compare_variables(const void *one, const void *other)
{
    const char *first = *(char *const *)one;
    const char *second = *(char *const *)other;
    size_t length = strcspn(first, "=");
    int order =
        memcmp(first, second, length < strcspn(second, "=") ? length : strcspn(second, "="));
    if (order == 0)
        order = (length > strcspn(second, "=")) - (length < strcspn(second, "="));
    return order != 0 ? order : (first > second) - (first < second);
}

static size_t count_words(char **words)
{
    size_t count = 0;
    while (words[count] != NULL)
        count++;
    return count;
}

static void add_choices(struct text *text, const struct choices *choices, unsigned selects)
{
    char count[24];
    snprintf(count, sizeof count, "%zu", choices->argument_count);
    if ((selects & SELECT_FOLDER) != 0) {
        add_string(text, "folder=");
        add_field(text, choices->folder);
    }
    if ((selects & SELECT_ARGUMENT_COUNT) != 0) {
        add_string(text, "arguments=");
        add_field(text, count);
    }
    if ((selects & SELECT_ARGUMENT_0) != 0) {
        add_string(text, "argument-0=");
        add_field(text, choices->first_argument);
    }
}

void find_choices(struct choices *choices, char **arguments, const char *folder)
{
    choices->folder = folder;
    choices->first_argument = arguments[0];
    choices->argument_count = count_words(arguments);
}

bool add_selected(struct text *text, char **environment, const struct choices *choices,
                  const struct recipe *recipe)
{
    size_t count = 0;
    char **selected = malloc((count_words(environment) + 1) * sizeof *selected);
    if (selected == NULL)
        return false;
    for (; *environment != NULL; environment++) {
        if (is_selected(*environment, recipe))
            selected[count++] = *environment;
    }
    qsort(selected, count, sizeof *selected, compare_variables);
    for (size_t i = 0; i < count; i++) {
        add_string(text, "env:");
        add_field(text, selected[i]);
    }
    free(selected);
    if (recipe->state == RECIPE_READY)
        add_choices(text, choices, recipe->selects);
    return !text->failed;
}

/* The prime is 2**88 + 0x13b; what the lower half carries over is taken of its halves, since not
 * every C has more. */
void hash_text(const struct text *text, char digits[DIGITS_SIZE])
{
    uint64_t high = UINT64_C(0x6c62272e07bb0142);
    uint64_t low = UINT64_C(0x62b821756295c58d);
    for (size_t i = 0; i < text->length; i++) {
        low ^= (unsigned char)text->bytes[i];
        uint64_t carry = ((low >> 32) * 0x13b + ((low & UINT32_MAX) * 0x13b >> 32)) >> 32;
        high = high * 0x13b + carry + (low << 24);
        low *= 0x13b;
    }
    snprintf(digits, DIGITS_SIZE, "%016llx%016llx", (unsigned long long)high,
             (unsigned long long)low);
}

/* An empty part is the working directory as well. */
static bool is_absolute(const char *value, const struct path_variable *variable)
{
    for (;;) {
        size_t length = strcspn(value, variable->separators);
        bool is_name = variable->is_searched && memchr(value, '/', length) == NULL;
        if (value[0] != '/' && !is_name)
            return false;
        if (value[length] == '\0')
            return true;
        value += length + 1;
    }
}

static const struct path_variable *find_path_variable(const char *variable)
{
    size_t length = strcspn(variable, "=");
    for (size_t i = 0; i < COUNT(paths); i++) {
        if (paths[i].name[0] == variable[0] && strlen(paths[i].name) == length &&
            memcmp(paths[i].name, variable, length) == 0)
            return &paths[i];
    }
    return NULL;
}

bool has_relative_part(char **environment)
{
    for (; *environment != NULL; environment++) {
        const struct path_variable *found = find_path_variable(*environment);
        const char *value = strchr(*environment, '=');
        if (found != NULL && value != NULL && value[1] != '\0' && !is_absolute(value + 1, found))
            return true;
    }
    return false;
}
