/* Heads that others hold: recorded, taken over, and held against a record that was cut or rewritten. */
#include "os/secret.h"
#include "store/witness.h"
#include "support/folder.h"
#include "support/record.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>

#define START INT64_C(1771337520000)

static char *dir;

static int begin(void **state)
{
    (void)state;
    dir = folder_make();
    return 0;
}

static int end(void **state)
{
    (void)state;
    folder_remove(dir);
    return 0;
}

static void tamper(const char *sql)
{
    sqlite3 *db;
    char path[300];

    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void fill(int n)
{
    struct journal *j = record_open(dir);

    record_fill(j, n);
    journal_close(j);
}

static bool keep_row(void *ctx, const struct journal_row *row)
{
    struct journal_head *head = ctx;

    head->seq = row->seq;
    memcpy(head->hash, row->hash, JOURNAL_HASH);
    return true;
}

/* Somebody holds the head of this row. */
static struct witness holder(struct journal *j, uint64_t seq, const char *who)
{
    struct witness w = {.at_ms = START + (int64_t)seq * 1000};

    assert_true(journal_get(j, seq, keep_row, &w.head, &refused));
    assert_true(witness_take_who(str_from(who), &w, &refused));
    return w;
}

static void witnessed(uint64_t seq, const char *who)
{
    struct journal *j = record_reader(dir);
    struct witness w = holder(j, seq, who);

    if (!journal_add_witness(j, &w, &refused))
        fail_msg("%s", refused.text);
    journal_close(j);
}

static void count(void *ctx, const struct witness *w)
{
    int *n = ctx;

    assert_true(w->head.seq > 0 && w->who[0]);
    ++*n;
}

static int follow(struct journal *j)
{
    int n = 0;

    if (!journal_follow_witnesses(j, count, &n, &refused))
        fail_msg("%s", refused.text);
    return n;
}

static void taken_over(void)
{
    struct journal *j = record_open(dir);

    (void)follow(j);
    journal_close(j);
}

static struct journal_verify verify(void)
{
    struct journal *j = record_reader(dir);
    struct journal_verify v = record_verify(j, NULL);

    journal_close(j);
    return v;
}

/* What the verifier says that has none of our code. */
static int without_us(void)
{
    const char *source = getenv("CORDON_SOURCE");
    char command[600];

    (void)snprintf(command, sizeof command, "python3 '%s/tools/verify-journal' '%s' >'%s/said'", source ? source : ".",
                   dir, dir);
    return system(command);
}

static void holds(uint64_t witnesses)
{
    struct journal_verify v = verify();

    if (v.bad_seq)
        fail_msg("%s", v.finding);
    assert_int_equal(v.witnesses, witnesses);
    assert_int_equal(without_us(), 0);
}

static void finds(uint64_t seq, const char *words)
{
    struct journal_verify v = verify();

    assert_int_not_equal(without_us(), 0);

    if (v.bad_seq != seq || !strstr(v.finding, words))
        fail_msg("row %llu: \"%s\", not row %llu: \"%s\"", (unsigned long long)v.bad_seq, v.finding,
                 (unsigned long long)seq, words);
}

static void append(const char *text)
{
    char path[300];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/witness.txt", dir);
    f = fopen(path, "a");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void a_line_is_read_as_it_was_written(void **state)
{
    static const char hash[] = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    static const struct row {
        const char *before, *after;
    } bad[] = {
        {"2026-02-17T14:12:00.000Z 0 ", " - - EX-FIRE/Watch"},
        {"2026-02-17T14:12:00.000Z -1 ", " - - EX-FIRE/Watch"},
        {"yesterday 4711 ", " - - EX-FIRE/Watch"},
        {"2026-02-17T14:12:00.000Z 4711 0", " - - EX-FIRE/Watch"},
        {"2026-02-17T14:12:00.000Z 4711 ", " - - EX-FIRE"},
        {"2026-02-17T14:12:00.000Z 4711 ", " - - /Watch"},
        {"2026-02-17T14:12:00.000Z 4711 ", " - - EX-FIRE/"},
        {"2026-02-17T14:12:00.000Z 4711 ", " - - "},
        {"2026-02-17T14:12:00.000Z 4711 ", " - ab EX-FIRE/Watch"},
        {"2026-02-17T14:12:00.000Z 4711 ", " ab - EX-FIRE/Watch"},
        {"2026-02-17T14:12:00.000Z 4711 ", " - - EX-FIRE/Wa\ttch"},
        {"2026-02-17T14:12:00.000Z 4711 ", " - - EX-FIRE/\xff"},
    };
    char line[WITNESS_LINE_MAX], again[WITNESS_LINE_MAX];
    struct buf b;
    struct witness w;

    (void)state;
    (void)snprintf(line, sizeof line, "2026-02-17T14:12:00.000Z 4711 %s - - EX-FIRE/Watch officer", hash);
    assert_true(witness_parse(str_from(line), &w));
    assert_true(w.head.seq == 4711 && w.at_ms == START && !w.is_signed && w.head.hash[0] == 0x9f);
    assert_string_equal(w.who, "EX-FIRE/Watch officer");
    b = buf_over(again, sizeof again);
    witness_print(&w, &b);
    assert_true(str_eq(str_cut(buf_str(&b), 0, b.len - 1), str_from(line)));
    for (size_t i = 0; i < COUNTOF(bad); i++) {
        (void)snprintf(line, sizeof line, "%s%s%s", bad[i].before, hash, bad[i].after);
        if (witness_parse(str_from(line), &w))
            fail_msg("taken: %s", line);
    }
}

static void a_countersignature_is_of_one_head_and_one_name(void **state)
{
    unsigned char key[SECRET_SIGN_KEY], pub[SECRET_SIGN_PUB];
    struct witness w = {.head = {.seq = 7}, .who = "EX-ARMY/Duty officer"}, x;

    (void)state;
    assert_true(secret_start(&refused));
    secret_sign_keys(key, pub);
    assert_true(witness_is_genuine(&w)); /* nothing is claimed */
    witness_sign(&w, key);
    assert_true(witness_is_genuine(&w));
    assert_memory_equal(w.key, pub, sizeof pub);
    x = w;
    x.head.seq = 8;
    assert_false(witness_is_genuine(&x));
    x = w;
    x.head.hash[31] = 1;
    assert_false(witness_is_genuine(&x));
    x = w;
    x.who[0] = 'F';
    assert_false(witness_is_genuine(&x));
}

static void a_seal_is_what_the_server_signs(void **state)
{
    struct journal *j = record_open(dir), *reader;
    struct journal_seal s;
    unsigned char text[61] = "CORDON HEAD 1";

    (void)state;
    assert_false(journal_seal(j, START, &s, &refused));
    assert_int_equal(refused.kind, ERR_MISSING);
    record_fill(j, 10);
    reader = record_reader(dir);
    assert_true(journal_seal(reader, START, &s, &refused));
    assert_int_equal(s.head.seq, 10);
    assert_memory_equal(s.head.hash, journal_head(j).hash, JOURNAL_HASH);
    for (int i = 0; i < 8; i++) {
        text[20 - i] = (unsigned char)(s.head.seq >> (8 * i));
        text[28 - i] = (unsigned char)((uint64_t)START >> (8 * i));
    }
    memcpy(text + 29, s.head.hash, JOURNAL_HASH);
    assert_true(secret_signed(s.public, str_of(text, sizeof text), s.signature));
    journal_close(reader);
    journal_close(j);
    assert_int_equal(verify().checkpoints, 0); /* nothing was stored */
}

static void what_does_not_fit_the_record_is_not_recorded(void **state)
{
    struct journal *j;
    struct witness w, x;
    char path[300];

    (void)state;
    fill(20);
    j = record_reader(dir);
    w = holder(j, 12, "EX-FIRE/Watch officer");
    x = w;
    x.head.seq = 21;
    assert_false(journal_add_witness(j, &x, &refused));
    assert_non_null(strstr(refused.text, "the record ends at row 20"));
    x = w;
    x.head.hash[5] ^= 1;
    assert_false(journal_add_witness(j, &x, &refused));
    assert_non_null(strstr(refused.text, "row 12 has another hash than EX-FIRE/Watch officer holds"));
    x = w;
    x.is_signed = true;
    assert_false(journal_add_witness(j, &x, &refused));
    assert_non_null(strstr(refused.text, "the signature does not fit"));
    (void)snprintf(path, sizeof path, "%s/witness.txt", dir);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_false(witness_take_who(STR("somebody"), &w, &refused));
    assert_non_null(strstr(refused.text, "FIRE/Watch officer"));
    assert_true(journal_countersign(dir, &w, &refused));
    assert_true(journal_add_witness(j, &w, &refused));
    journal_close(j);
    holds(1);
}

/* The table lies in the file that might be rewritten, the lines beside it. */
static void the_writer_takes_lines_over_once(void **state)
{
    struct journal *j, *reader;
    struct witness w;

    (void)state;
    fill(20);
    witnessed(5, "EX-FIRE/Watch officer");
    j = record_open(dir);
    assert_int_equal(journal_witnessed_ms(j), 0);
    assert_int_equal(follow(j), 1);
    assert_int_equal(journal_witnessed_ms(j), START + 5000);
    assert_int_equal(follow(j), 0);
    reader = record_reader(dir);
    w = holder(reader, 9, "EX-ARMY/Duty officer");
    assert_true(journal_add_witness(reader, &w, &refused));
    w = holder(reader, 8, "EX-FIRE/Watch officer");
    assert_true(journal_add_witness(reader, &w, &refused));
    journal_close(reader);
    assert_int_equal(follow(j), 2);
    assert_int_equal(journal_witnessed(j).seq, 9);
    assert_int_equal(journal_witnessed(j).count, 3);
    assert_int_equal(journal_witnessed(j).against, 0);
    journal_close(j);
    j = record_open(dir);
    assert_int_equal(follow(j), 0);
    assert_int_equal(journal_witnessed(j).count, 3);
    journal_close(j);
    holds(3);
    assert_int_equal(verify().witnessed_seq, 9);
    assert_string_equal(verify().witnessed_by, "EX-ARMY/Duty officer");
}

static void a_line_that_was_torn_costs_itself_alone(void **state)
{
    struct journal *j;
    struct journal_verify v;

    (void)state;
    fill(20);
    witnessed(5, "EX-FIRE/Watch officer");
    append("2026-02-17T14:12:00.000Z 7 9f86d0");
    j = record_open(dir);
    assert_int_equal(follow(j), 1);
    holds(1);
    witnessed(9, "EX-FIRE/Watch officer");
    assert_int_equal(follow(j), 1);
    journal_close(j);
    append("\n# a note by hand\n\n");
    v = verify();
    assert_int_equal(v.bad_seq, 0);
    assert_int_equal(v.witnesses, 2);
    assert_int_equal(v.witness_unread, 2);
}

static void a_cut_end_is_named(void **state)
{
    (void)state;
    fill(20);
    witnessed(12, "EX-FIRE/Watch officer");
    witnessed(18, "EX-ARMY/Duty officer");
    taken_over();
    holds(2);
    tamper("DELETE FROM journal WHERE seq > 18; DELETE FROM keys WHERE seq > 18");
    holds(2); /* what nobody holds can be cut */
    tamper("DELETE FROM journal WHERE seq > 15; DELETE FROM keys WHERE seq > 15");
    finds(16, "EX-ARMY/Duty officer holds the hash of row 18 (witness.txt, line 2), but the record ends at row 15");
    /* Who takes the table away, too, has not taken the file. */
    tamper("DELETE FROM witnesses");
    finds(16, "EX-ARMY/Duty officer holds the hash of row 18");
    {
        struct journal *j = record_open(dir);

        assert_int_equal(follow(j), 2);
        assert_int_equal(journal_witnessed(j).against, 18);
        journal_close(j);
    }
}

/* The whole journal written anew, as its owner can: the chain holds, and other hashes come out. */
static void a_rewritten_record_is_named(void **state)
{
    char command[900], *other = folder_make();
    struct journal *j;

    (void)state;
    fill(20);
    witnessed(6, "EX-FIRE/Watch officer");
    taken_over();
    j = record_open(other);
    record_fill(j, 20);
    journal_close(j);
    (void)snprintf(command, sizeof command, "cp %s/journal.* %s/", other, dir);
    assert_int_equal(system(command), 0);
    folder_remove(other);
    finds(1, "row 6 has not the hash that EX-FIRE/Watch officer holds (witness.txt, line 1): the record was rewritten "
             "between rows 1 and 6");
}

static void a_rewrite_after_a_witness_is_narrowed_down(void **state)
{
    struct journal *j;
    struct witness w;
    char line[WITNESS_LINE_MAX];
    struct buf b = buf_over(line, sizeof line - 1);

    (void)state;
    fill(20);
    witnessed(6, "EX-FIRE/Watch officer");
    j = record_reader(dir);
    w = holder(j, 15, "EX-ARMY/Duty officer");
    journal_close(j);
    w.head.hash[0] ^= 0x80;
    witness_print(&w, &b);
    line[b.len] = 0;
    append(line);
    finds(7, "rewritten between rows 7 and 15");
}

static void a_witness_that_was_taken_out_of_the_file_is_named(void **state)
{
    char path[300];

    (void)state;
    fill(20);
    witnessed(6, "EX-FIRE/Watch officer");
    witnessed(9, "EX-ARMY/Duty officer");
    taken_over();
    (void)snprintf(path, sizeof path, "%s/witness.txt", dir);
    assert_int_equal(unlink(path), 0);
    finds(6, "stands in the table witnesses, but not in witness.txt");
    witnessed(6, "EX-FIRE/Watch officer");
    finds(9, "that EX-ARMY/Duty officer holds row 9 stands in the table witnesses, but not in witness.txt");
}

static void a_record_of_format_1_has_none(void **state)
{
    (void)state;
    fill(5);
    tamper("DROP TABLE states; DROP TABLE witnesses; PRAGMA user_version=1");
    holds(0);
    witnessed(3, "EX-FIRE/Watch officer");
    holds(1);
    taken_over();
    holds(1);
}

static void mending_carries_witnesses(void **state)
{
    struct journal *j;
    char path[300];
    FILE *f;

    (void)state;
    fill(20);
    witnessed(6, "EX-FIRE/Watch officer");
    taken_over();
    (void)snprintf(path, sizeof path, "%s/journal.mend", dir);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fclose(f), 0);
    j = record_open(dir);
    assert_non_null(strstr(how.note, "carried over"));
    assert_int_equal(follow(j), 0);
    assert_int_equal(journal_witnessed(j).seq, 6);
    journal_close(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_read_as_it_was_written),
        cmocka_unit_test(a_countersignature_is_of_one_head_and_one_name),
        cmocka_unit_test_setup_teardown(a_seal_is_what_the_server_signs, begin, end),
        cmocka_unit_test_setup_teardown(what_does_not_fit_the_record_is_not_recorded, begin, end),
        cmocka_unit_test_setup_teardown(the_writer_takes_lines_over_once, begin, end),
        cmocka_unit_test_setup_teardown(a_line_that_was_torn_costs_itself_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_cut_end_is_named, begin, end),
        cmocka_unit_test_setup_teardown(a_rewritten_record_is_named, begin, end),
        cmocka_unit_test_setup_teardown(a_rewrite_after_a_witness_is_narrowed_down, begin, end),
        cmocka_unit_test_setup_teardown(a_witness_that_was_taken_out_of_the_file_is_named, begin, end),
        cmocka_unit_test_setup_teardown(a_record_of_format_1_has_none, begin, end),
        cmocka_unit_test_setup_teardown(mending_carries_witnesses, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
