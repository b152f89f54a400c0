/* Each test/data/cot/NAME.xml with the v1 frame that it becomes (NAME.hex) and
 * the XML that comes back (NAME.back.xml).  After a change that is meant, write
 * them anew with CORDON_GOLDEN=write, and read the difference. */
#include "support.h"

#include "wire/frame.h"
#include "wire/takproto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char *const names[] = {"report", "detail_first", "chat", "emergency", "gone", "shape"};

static char scratch_bytes[1 << 16], v1_bytes[1 << 16], text_bytes[1 << 16];

static void same_as_file(const char *name, const char *suffix, struct str got)
{
    const char *mode = getenv("CORDON_GOLDEN");
    char file[128];
    struct str want;
    FILE *f;

    (void)snprintf(file, sizeof(file), "test/data/cot/%s%s", name, suffix);
    if (mode && strcmp(mode, "write") == 0) {
        f = fopen(test_source(file), "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(got.at, 1, got.len, f), got.len);
        assert_int_equal(fputc('\n', f), '\n');
        assert_int_equal(fclose(f), 0);
        return;
    }
    want = test_read(test_source(file));
    if (!want.at || want.len != got.len + 1 || memcmp(want.at, got.at, got.len) != 0)
        fail_msg("%s is not what is made now:\n%.*s", file, STR_ARG(got));
}

static void becomes_what_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNTOF(names); i++) {
        struct buf scratch = buf_over(scratch_bytes, sizeof(scratch_bytes));
        struct buf v1 = buf_over(v1_bytes, sizeof(v1_bytes));
        struct buf text = buf_over(text_bytes, sizeof(text_bytes));
        struct framer f = {0};
        struct tak_control control;
        char file[128];
        bool has_event;
        struct str xml;
        struct cot c;
        struct err e;

        (void)snprintf(file, sizeof(file), "test/data/cot/%s.xml", names[i]);
        xml = test_read(test_source(file));
        assert_non_null(xml.at);
        xml = frame_next(&f, xml, LIMIT_EVENT_IN).body;
        assert_true(cot_from_xml(xml, &scratch, &c, &e));
        assert_true(tak_encode(&c, true, &v1));
        buf_hex(&text, v1.at, v1.len);
        same_as_file(names[i], ".hex", buf_str(&text));
        f = (struct framer){0};
        assert_true(tak_decode(frame_next(&f, buf_str(&v1), LIMIT_EVENT_IN).body, &scratch, &c, &has_event,
                               &control, &e));
        text.len = 0;
        cot_to_xml(&c, &text);
        same_as_file(names[i], ".back.xml", buf_str(&text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(becomes_what_it_was)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
