#include "os/secret.h"
#include "store/journal.h"
#include "support/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct journal *open_in(const char *dir)
{
    struct journal *j;
    struct journal_opened how;
    struct err e;

    if (!journal_open(dir, &j, &how, &e))
        fail_msg("%s", e.text);
    return j;
}

static uint64_t add(struct journal *j, uint16_t kind, const char *text)
{
    uint64_t seq = 0;
    struct err e;

    if (!journal_add(j, kind, 1700000000000 + kind, 5, str_from(text), &seq, &e))
        fail_msg("%s", e.text);
    return seq;
}

static void commit(struct journal *j)
{
    struct err e;

    if (!journal_commit(j, &e))
        fail_msg("%s", e.text);
}

/* Collects what a read shows as one line: "seq:kind:payload ". */
struct seen {
    char text[4096];
    size_t rows, stop_after;
};

static bool see(void *ctx, const struct journal_row *row)
{
    struct seen *s = ctx;
    size_t n = strlen(s->text);

    (void)snprintf(s->text + n, sizeof s->text - n, "%llu:%u:%.*s%s%s ", (unsigned long long)row->seq, row->kind,
                   STR_ARG(row->payload), row->erased ? "(erased)" : "", row->damaged ? "(damaged)" : "");
    s->rows++;
    return s->rows != s->stop_after;
}

static void shows(struct journal *j, uint64_t from, const uint16_t *kinds, const char *expected)
{
    struct seen s = {0};
    struct err e;

    if (!journal_read(j, from, kinds, see, &s, &e))
        fail_msg("%s", e.text);
    assert_string_equal(s.text, expected);
}

static void what_was_committed_is_read_back(void **state)
{
    char *dir = folder_make();
    struct journal *j = open_in(dir);
    struct journal_head head;

    (void)state;
    assert_int_equal(add(j, 7, "one"), 1);
    assert_int_equal(add(j, 8, ""), 2);
    assert_int_equal(journal_head(j).seq, 0);
    commit(j);
    assert_int_equal(add(j, 7, "three"), 3);
    commit(j);
    head = journal_head(j);
    assert_int_equal(head.seq, 3);
    shows(j, 0, NULL, "1:7:one 2:8: 3:7:three ");
    shows(j, 2, NULL, "2:8: 3:7:three ");
    shows(j, 1, (const uint16_t[]){7, 0}, "1:7:one 3:7:three ");
    shows(j, 4, NULL, "");
    journal_close(j);
    j = open_in(dir);
    assert_memory_equal(journal_head(j).hash, head.hash, JOURNAL_HASH);
    assert_int_equal(add(j, 9, "four"), 4);
    commit(j);
    shows(j, 3, NULL, "3:7:three 4:9:four ");
    journal_close(j);
    folder_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_committed_is_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
