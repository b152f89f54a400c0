/* support.h -- what several tests need: files, and where they lie.
 *
 * Tests only.  Memory is never given back, for a test process is short; it is
 * kept in a list, so that a leak checker counts it as in use. */
#ifndef CORDON_TEST_SUPPORT_H
#define CORDON_TEST_SUPPORT_H

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

struct test_kept {
    struct test_kept *next;
    void *at;
};

static inline void *test_keep(void *at)
{
    static struct test_kept *list;
    struct test_kept *kept = malloc(sizeof(*kept));

    MUST(at && kept);
    *kept = (struct test_kept){list, at};
    list = kept;
    return at;
}

/* "%s/%s" in memory of its own. */
static inline char *test_path(const char *folder, const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = test_keep(malloc(n));

    (void)snprintf(path, n, "%s/%s", folder, name);
    return path;
}

/* A file below the source folder. */
static inline char *test_source(const char *name)
{
    const char *root = getenv("CORDON_SOURCE");

    return test_path(root ? root : ".", name);
}

/* The folder of real CoT data, which is not part of the project. */
static inline char *test_corpus(const char *name)
{
    const char *root = getenv("CORDON_CORPUS");

    return root ? test_path(root, name) : test_path(test_source("../shared/corpus"), name);
}

static inline struct str test_read_stream(FILE *f)
{
    size_t len = 0, max = 1 << 16;
    char *at = malloc(max);

    MUST(f && at);
    for (;;) {
        size_t n = fread(at + len, 1, max - len, f);

        if (n == 0)
            break;
        len += n;
        if (len == max) {
            at = realloc(at, max *= 2);
            MUST(at);
        }
    }
    return str_of(test_keep(at), len);
}

/* The whole file; .at is NULL when it cannot be opened. */
static inline struct str test_read(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct str s;

    if (!f)
        return (struct str){0};
    s = test_read_stream(f);
    (void)fclose(f);
    return s;
}

#endif
