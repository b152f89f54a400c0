#include "base/buf.h"
#include "os/log.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What was written to stderr between catch_start() and catch_end(). */
static char caught[512 * 1024];
static int kept_stderr, file;

static void catch_start(void)
{
    char path[] = "/tmp/cordon-log-XXXXXX";

    file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(unlink(path), 0);
    kept_stderr = dup(STDERR_FILENO);
    assert_true(dup2(file, STDERR_FILENO) >= 0);
}

static const char *catch_end(void)
{
    ssize_t n;

    assert_true(dup2(kept_stderr, STDERR_FILENO) >= 0);
    (void)close(kept_stderr);
    n = pread(file, caught, sizeof caught - 1, 0);
    assert_true(n >= 0);
    caught[n] = 0;
    (void)close(file);
    return caught;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

static void writes_one_line(void **state)
{
    const char *line;

    (void)state;
    catch_start();
    errno = 7;
    log_line(LOG_WARN, "tak.refused", "peer=%s n=%d", "10.0.0.4:51522", 3);
    assert_int_equal(errno, 7);
    log_line(LOG_INFO, "boot.ready", "%s", "");
    log_line(LOG_DEBUG, "boot.detail", "not=written");
    line = catch_end();
    assert_true(line[10] == 'T' && line[23] == 'Z');
    assert_true(
        str_starts(str_from(line + 24), STR(" warn  tak.refused peer=10.0.0.4:51522 n=3\n")));
    assert_true(str_ends(str_from(line), STR("Z info  boot.ready\n")));
    assert_int_equal(count(line, "\n"), 2);
}

static void obeys_nothing_of_a_peer(void **state)
{
    const char *line;

    (void)state;
    catch_start();
    log_line(LOG_WARN, "tak.refused", "reason=\"%s\"", "a\x1b[2J\xc2\x9b" "2J\xe2\x80\xae\xc3\xbc\xff");
    line = catch_end();
    assert_true(str_ends(str_from(line), STR("reason=\"a?[2J??2J???\xc3\xbc?\"\n")));
}

static void quotes_what_needs_it(void **state)
{
    static const struct {
        struct str in;
        const char *out;
    } rows[] = {
        {{"RGR-3", 5}, "RGR-3"},
        {{"", 0}, "\"\""},
        {{NULL, 0}, "\"\""},
        {{"two words", 9}, "\"two words\""},
        {{"a=b", 3}, "\"a=b\""},
        {{"a\"b\\", 4}, "\"a\\\"b\\\\\""},
        {{"x\n2026 forged", 13}, "\"x\\x0a2026 forged\""},
        {{"\0\x1b[2J", 5}, "\"\\x00\\x1b[2J\""},
        {{"\x7f", 1}, "\"\\x7f\""},
        {{"\xc3\xbc", 2}, "\xc3\xbc"},                /* u with dots stays */
        {{"\xc2\x9b", 2}, "\"\\xc2\\x9b\""},          /* C1: a terminal obeys it */
        {{"\xe2\x80\xae", 3}, "\"\\xe2\\x80\\xae\""}, /* turns the line around */
        {{"\xe2\x81\xa6", 3}, "\"\\xe2\\x81\\xa6\""},
        {{"\xe2\x82\xac", 3}, "\xe2\x82\xac"},
        {{"\xf0\x9f\x98\x80", 4}, "\xf0\x9f\x98\x80"},
        {{"\xff\xc3", 2}, "\"\\xff\\xc3\""}, /* no UTF-8 */
    };
    char to[64];

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++)
        assert_string_equal(log_quote(to, sizeof to, rows[i].in), rows[i].out);
}

static void cuts_what_is_long(void **state)
{
    char to[16], text[4000];

    (void)state;
    memset(text, 'a', sizeof text);
    for (size_t size = 8; size <= sizeof to; size++) {
        memset(to, '!', sizeof to);
        (void)log_quote(to, size, str_of(text, 40));
        assert_true(strlen(to) < size && str_ends(str_from(to), STR("a...")));
        text[0] = '\n';
        (void)log_quote(to, size, str_of(text, 40));
        assert_true(strlen(to) < size && str_ends(str_from(to), STR("...\"")));
        text[0] = 'a';
    }
    text[sizeof text - 1] = 0;
    catch_start();
    log_line(LOG_INFO, "test.long", "%s", text);
    (void)catch_end();
    assert_in_range(strlen(caught), LOG_LINE_MAX - 8, LOG_LINE_MAX);
    assert_true(str_ends(str_from(caught), STR("a...\n")));
}

static void never_splits_a_character(void **state)
{
    char text[4001];

    (void)state;
    for (int shift = 0; shift < 4; shift++) {
        for (size_t i = 0; i < sizeof text - 1; i++)
            text[i] = "\xf0\x9f\x98\x80"[i % 4];
        text[sizeof text - 1] = 0;
        catch_start();
        log_line(LOG_INFO, "test.cut", "%.*s%s", shift, "xxxx", text);
        (void)catch_end();
        assert_true(str_is_utf8(str_from(caught)));
    }
}

static void lets_nobody_forge_a_line(void **state)
{
    (void)state;
    catch_start();
    log_line(LOG_INFO, "test.forge", "name=%s",
             "x\n2026-01-02T03:04:05.678Z error forged\r\x1b[1m");
    (void)catch_end();
    assert_int_equal(count(caught, "\n"), 1);
    assert_null(strchr(caught, '\x1b'));
    assert_null(strchr(caught, '\r'));
}

static void holds_a_flood_back(void **state)
{
    size_t written, held;

    (void)state;
    catch_start();
    for (int i = 0; i < 500; i++)
        log_line(LOG_INFO, "test.flood", "i=%d", i);
    log_line(LOG_INFO, "test.other", "%s", "passes");
    assert_int_equal(usleep(1050000), 0);
    log_settle();
    log_settle();
    (void)catch_end();
    written = count(caught, "test.flood i=");
    assert_in_range(written, LOG_BURST, 2 * LOG_BURST); /* a second may end while it runs */
    assert_int_equal(count(caught, "test.other"), 1);
    held = count(caught, "log.held event=test.flood lines=");
    assert_in_range(held, 1, 2);
    if (held == 1 && written == LOG_BURST)
        assert_non_null(strstr(caught, "log.held event=test.flood lines=450\n"));
}

static void survives_many_names(void **state)
{
    static char names[LOG_NAMES + 40][16];

    (void)state;
    catch_start();
    for (size_t i = 0; i < COUNTOF(names); i++) {
        (void)snprintf(names[i], sizeof names[i], "many.n%zu", i);
        log_line(LOG_INFO, names[i], "%s", "");
    }
    (void)catch_end();
    assert_int_equal(count(caught, " many.n"), COUNTOF(names));
}

static void *shout(void *arg)
{
    for (int i = 0; i < 1000; i++)
        log_line(LOG_INFO, "test.threads", "who=%s", (const char *)arg);
    return NULL;
}

static void threads_do_not_mix_lines(void **state)
{
    pthread_t thread[4];
    size_t lines = 0;

    (void)state;
    catch_start();
    for (size_t i = 0; i < COUNTOF(thread); i++)
        assert_int_equal(pthread_create(&thread[i], NULL, shout, (void *)(uintptr_t) "abcdefgh"),
                         0);
    for (size_t i = 0; i < COUNTOF(thread); i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    (void)catch_end();
    for (char *at = caught, *end; (end = strchr(at, '\n')); at = end + 1, lines++)
        assert_true(at[4] == '-' && at[23] == 'Z');
    assert_in_range(lines, LOG_BURST, 3 * LOG_BURST);
}

static void obeys_the_level(void **state)
{
    (void)state;
    catch_start();
    log_set_level(LOG_ERROR);
    log_line(LOG_WARN, "test.level", "%s", "no");
    log_set_level(LOG_DEBUG);
    log_line(LOG_DEBUG, "test.level", "%s", "yes");
    log_set_level(LOG_INFO);
    (void)catch_end();
    assert_int_equal(count(caught, "test.level"), 1);
    assert_non_null(strstr(caught, " debug test.level yes\n"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_line),          cmocka_unit_test(obeys_nothing_of_a_peer),
        cmocka_unit_test(quotes_what_needs_it),
        cmocka_unit_test(cuts_what_is_long),        cmocka_unit_test(never_splits_a_character),
        cmocka_unit_test(lets_nobody_forge_a_line), cmocka_unit_test(holds_a_flood_back),
        cmocka_unit_test(obeys_the_level),          cmocka_unit_test(threads_do_not_mix_lines),
        cmocka_unit_test(survives_many_names), /* last: it uses up the names */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
