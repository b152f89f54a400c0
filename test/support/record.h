/* record.h -- what the tests of the journal share: open, add, commit, read or fail. */
#ifndef CORDON_TEST_RECORD_H
#define CORDON_TEST_RECORD_H

#include "store/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct journal_opened how; /* of the last record_open() */
static struct err refused;        /* for what must fail */

static inline struct journal *record_open(const char *dir)
{
    struct journal *j;

    if (!journal_open(dir, &j, &how, &refused))
        fail_msg("%s", refused.text);
    return j;
}

static inline struct journal *record_reader(const char *dir)
{
    struct journal *j;

    if (!journal_open_reader(dir, &j, &refused))
        fail_msg("%s", refused.text);
    return j;
}

static inline uint64_t record_add(struct journal *j, uint16_t kind, const char *text)
{
    uint64_t seq = 0;

    if (!journal_add(j, kind, INT64_C(1760000000000) + kind, kind, str_from(text), &seq, &refused))
        fail_msg("%s", refused.text);
    return seq;
}

static inline void record_commit(struct journal *j)
{
    if (!journal_commit(j, &refused))
        fail_msg("%s", refused.text);
}

/* n rows "text 1" to "text n" of the kinds 1, 2, 3, 1 ..., in batches of three. */
static inline void record_fill(struct journal *j, int n)
{
    char text[32];

    for (int i = 1; i <= n; i++) {
        (void)snprintf(text, sizeof text, "text %d", i);
        (void)record_add(j, (uint16_t)(1 + (i - 1) % 3), text);
        if (i % 3 == 0)
            record_commit(j);
    }
    record_commit(j);
}

/* What a read shows, as "seq:kind:payload ". */
struct record_seen {
    char text[4096];
    size_t rows, stop_after;
};

static inline bool record_see(void *ctx, const struct journal_row *row)
{
    struct record_seen *s = ctx;
    size_t n = strlen(s->text);

    assert_int_equal(row->recorded_ms,
                     row->damaged ? row->recorded_ms : INT64_C(1760000000000) + row->kind);
    (void)snprintf(s->text + n, sizeof s->text - n, "%llu:%u:%.*s%s%s ",
                   (unsigned long long)row->seq, row->kind, STR_ARG(row->payload),
                   row->erased ? "(erased)" : "", row->damaged ? "(damaged)" : "");
    s->rows++;
    return s->rows != s->stop_after;
}

static inline void record_shows(struct journal *j, uint64_t from, const uint16_t *kinds,
                                const char *expected)
{
    struct record_seen s = {0};

    if (!journal_read(j, from, kinds, record_see, &s, &refused))
        fail_msg("%s", refused.text);
    assert_string_equal(s.text, expected);
}

static inline struct journal_verify record_verify(struct journal *j,
                                                  const struct journal_head *witness)
{
    struct journal_verify v;

    if (!journal_verify(j, witness, &v, &refused))
        fail_msg("%s", refused.text);
    return v;
}

#endif
