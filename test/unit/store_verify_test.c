/* The proof of the chain: whatever is done to a finished record behind Cordon's back is
 * found and named, by journal_verify() and by tools/verify-journal alike. */
#include "store/journal.h"
#include "support/folder.h"
#include "support/record.h"

#include <sqlite3.h>
#include <stdarg.h>
#include <sys/wait.h>

enum { ROWS = 12 };

static char *dir;
static sqlite3 *db; /* the one who tampers */
static struct journal *reader;
static struct journal_head heads[ROWS + 1];

static void tamper(const char *format, ...) PRINTF_LIKE(1, 2);

static void tamper(const char *format, ...)
{
    char sql[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static int begin(void **state)
{
    struct journal *j;
    char path[300], text[40];

    (void)state;
    dir = folder_make();
    j = record_open(dir);
    for (int i = 1; i <= ROWS; i++) {
        (void)snprintf(text, sizeof text, "entry %d of the log", i);
        (void)record_add(j, (uint16_t)i, text);
        record_commit(j);
        heads[i] = journal_head(j);
        if (i == 5 || i == 10)
            assert_true(journal_sign_head(j, 1000 + i, &refused));
    }
    journal_close(j);
    (void)snprintf(path, sizeof path, "%s/journal.db", dir);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    tamper("PRAGMA synchronous=OFF");
    reader = record_reader(dir);
    return 0;
}

static int end(void **state)
{
    (void)state;
    journal_close(reader);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    folder_remove(dir);
    return 0;
}

/* Runs the script; gives its last line without the line's end. */
static int script(const struct journal_head *witness, char *line, size_t size)
{
    const char *source = getenv("CORDON_SOURCE");
    char command[1024], hex[2 * JOURNAL_HASH + 1] = "", next[512];
    FILE *f;
    int status;

    for (size_t i = 0; witness && i < JOURNAL_HASH; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", witness->hash[i]);
    (void)snprintf(command, sizeof command, "python3 '%s/tools/verify-journal' '%s' %s",
                   source ? source : ".", dir, witness ? "--witness " : "");
    if (witness)
        (void)snprintf(command + strlen(command), sizeof command - strlen(command), "%llu:%s",
                       (unsigned long long)witness->seq, hex);
    f = popen(command, "r");
    assert_non_null(f);
    line[0] = 0;
    while (fgets(next, sizeof next, f))
        (void)snprintf(line, size, "%.*s", (int)strcspn(next, "\n"), next);
    status = pclose(f);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Both find it and name the same row. */
static void found(uint64_t seq, const struct journal_head *witness)
{
    struct journal_verify v = record_verify(reader, witness);
    char line[512], row[32];

    if (v.bad_seq != seq)
        fail_msg("row %d should be named, not %d: %s", (int)seq, (int)v.bad_seq, v.finding);
    (void)snprintf(row, sizeof row, "row %d ", (int)seq);
    if (v.finding[0] == 0 || script(witness, line, sizeof line) != 1 || !strstr(line, row))
        fail_msg("the script says \"%s\", we say \"%s\"", line, v.finding);
}

static void a_sound_record_holds(void **state)
{
    struct journal_verify v = record_verify(reader, &heads[7]);
    char line[512];

    (void)state;
    assert_string_equal(v.finding, "");
    assert_int_equal(v.bad_seq, 0);
    assert_int_equal(v.rows, ROWS);
    assert_int_equal(v.checkpoints, 2);
    assert_int_equal(v.head.seq, ROWS);
    assert_memory_equal(v.head.hash, heads[ROWS].hash, JOURNAL_HASH);
    assert_int_equal(script(&heads[7], line, sizeof line), 0);
    assert_string_equal(line, "the chain holds");
    assert_int_equal(script(&heads[ROWS], line, sizeof line), 0);
}

/* Writes back a column with one bit changed; false when the row has no such byte. */
static bool flip(const char *table, const char *column, int seq, int byte, int bit)
{
    unsigned char bytes[512];
    sqlite3_stmt *s;
    char sql[200];
    int n;

    (void)snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE seq = %d", column, table, seq);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_bytes(s, 0);
    assert_true(n > 0 && n <= (int)sizeof bytes);
    memcpy(bytes, sqlite3_column_blob(s, 0), (size_t)n);
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    if (byte >= n)
        return false;
    bytes[byte] ^= (unsigned char)(1 << bit);
    (void)snprintf(sql, sizeof sql, "UPDATE %s SET %s = ? WHERE seq = %d", table, column, seq);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_bind_blob(s, 1, bytes, n, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
    return true;
}

static void invariant_17_a_flipped_bit_is_found_in_every_byte(void **state)
{
    static const char *const columns[] = {"body", "hash"};

    (void)state;
    for (int seq = 1; seq <= ROWS; seq++)
        for (size_t c = 0; c < COUNTOF(columns); c++)
            for (int byte = 0; flip("journal", columns[c], seq, byte, (seq + byte) % 8); byte++) {
                struct journal_verify v = record_verify(reader, NULL);

                if (v.bad_seq != (uint64_t)seq)
                    fail_msg("%s %d byte %d: %s", columns[c], seq, byte, v.finding);
                if ((seq * 31 + byte) % 97 == 0)
                    found((uint64_t)seq, NULL);
                (void)flip("journal", columns[c], seq, byte, (seq + byte) % 8);
            }
    assert_int_equal(record_verify(reader, NULL).bad_seq, 0);
}

/* The script has no keys and proves the chain alone; texts are ours to prove. */
static void a_flipped_bit_in_a_key_is_found(void **state)
{
    (void)state;
    for (int byte = 0; flip("keys", "wrapped", 4, byte, byte % 8); byte++) {
        assert_int_equal(record_verify(reader, NULL).bad_seq, 4);
        (void)flip("keys", "wrapped", 4, byte, byte % 8);
    }
    tamper("DELETE FROM keys WHERE seq = 6");
    assert_int_equal(record_verify(reader, NULL).bad_seq, 6);
    assert_non_null(strstr(record_verify(reader, NULL).finding, "no erasure is on record"));
}

static void a_removed_row_is_found(void **state)
{
    (void)state;
    tamper("DELETE FROM journal WHERE seq = 6");
    found(6, NULL);
    tamper("DELETE FROM journal WHERE seq = 1");
    found(1, NULL);
}

static void rows_that_close_the_gap_are_found(void **state)
{
    (void)state;
    tamper("DELETE FROM journal WHERE seq = 6");
    for (int seq = 7; seq <= ROWS; seq++)
        tamper("UPDATE journal SET seq = %d WHERE seq = %d", seq - 1, seq);
    found(6, NULL);
}

static void a_swapped_pair_is_found(void **state)
{
    (void)state;
    tamper("UPDATE journal SET seq = 99 WHERE seq = 8");
    tamper("UPDATE journal SET seq = 8 WHERE seq = 9");
    tamper("UPDATE journal SET seq = 9 WHERE seq = 99");
    found(8, NULL);
}

static void a_cut_end_is_found_by_a_signed_head_or_a_witness(void **state)
{
    (void)state;
    tamper("DELETE FROM journal WHERE seq > 11");
    found(12, NULL); /* its key is left */
    tamper("DELETE FROM keys WHERE seq > 11");
    assert_int_equal(record_verify(reader, NULL).bad_seq, 0); /* nobody knows of it ... */
    found(12, &heads[12]);                                    /* ... but the witness */
    assert_int_equal(record_verify(reader, &heads[11]).bad_seq, 0);
    tamper("DELETE FROM journal WHERE seq > 8; DELETE FROM keys WHERE seq > 8");
    found(9, NULL);
    tamper("DELETE FROM checkpoints");
    assert_int_equal(record_verify(reader, NULL).bad_seq, 0);
    found(9, &heads[10]);
    tamper("DELETE FROM journal");
    found(1, &heads[1]);
}

static void a_rewritten_record_is_found_by_a_witness(void **state)
{
    struct journal_head other = heads[7];

    (void)state;
    other.hash[31] ^= 1;
    found(7, &other);
}

static void a_forged_head_is_found(void **state)
{
    (void)state;
    tamper("UPDATE checkpoints SET at_ms = at_ms + 1 WHERE seq = 5");
    found(5, NULL);
    tamper("UPDATE checkpoints SET at_ms = at_ms - 1 WHERE seq = 5");
    assert_int_equal(record_verify(reader, NULL).bad_seq, 0);
    tamper("UPDATE checkpoints SET seq = 4 WHERE seq = 5");
    found(4, NULL);
    tamper("UPDATE checkpoints SET seq = 5 WHERE seq = 4");
    for (int byte = 0; flip("checkpoints", "signature", 10, byte, byte % 8); byte += 7) {
        found(10, NULL);
        (void)flip("checkpoints", "signature", 10, byte, byte % 8);
    }
}

static void a_head_of_another_key_is_found(void **state)
{
    char path[300];
    FILE *f;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/journal.pub", dir);
    f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fputs("0000", f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
    found(5, NULL);
}

/* Adds to the record and signs its head while a proof is on its way; or has it broken off. */
static bool write_on(void *ctx, uint64_t rows)
{
    struct journal *j = ctx;

    (void)rows;
    if (!j)
        return false;
    (void)record_add(j, 1, "said meanwhile");
    record_commit(j);
    assert_true(journal_sign_head(j, 5000, &refused));
    return true;
}

static void a_head_that_is_signed_during_the_proof_is_no_finding(void **state)
{
    struct journal *j = record_open(dir);
    struct journal_verify v;

    (void)state;
    for (int i = 0; i < JOURNAL_TELL; i++)
        (void)record_add(j, 1, "a row");
    record_commit(j);
    journal_watch(reader, write_on, j);
    v = record_verify(reader, NULL);
    assert_string_equal(v.finding, "");
    assert_true(v.head.seq < journal_head(j).seq); /* it did grow meanwhile */
    journal_watch(reader, write_on, NULL);
    assert_false(journal_verify(reader, NULL, &v, &refused));
    assert_non_null(strstr(refused.text, "broken off"));
    journal_watch(reader, NULL, NULL);
    journal_close(j);
}

#define VERIFY_TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        VERIFY_TEST(a_sound_record_holds),
        VERIFY_TEST(invariant_17_a_flipped_bit_is_found_in_every_byte),
        VERIFY_TEST(a_flipped_bit_in_a_key_is_found),
        VERIFY_TEST(a_removed_row_is_found),
        VERIFY_TEST(rows_that_close_the_gap_are_found),
        VERIFY_TEST(a_swapped_pair_is_found),
        VERIFY_TEST(a_cut_end_is_found_by_a_signed_head_or_a_witness),
        VERIFY_TEST(a_rewritten_record_is_found_by_a_witness),
        VERIFY_TEST(a_forged_head_is_found),
        VERIFY_TEST(a_head_of_another_key_is_found),
        VERIFY_TEST(a_head_that_is_signed_during_the_proof_is_no_finding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
