/* A drawn code has the frame that a reader looks for, in both forms the same modules. */
#include "os/qr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SIDE_MAX = 200 };

struct grid {
    int side;
    bool dark[SIDE_MAX][SIDE_MAX];
};

static void from_text(struct str text, struct grid *g)
{
    static const char *const blocks[] = {"\u2588", "\u2580", "\u2584", " "};
    static const bool upper[] = {false, false, true, true}, lower[] = {false, true, false, true};
    int x = 0, y = 0;

    memset(g, 0, sizeof *g);
    while (text.len) {
        size_t i = 0;

        if (text.at[0] == '\n') {
            assert_true(g->side == 0 || g->side == x);
            g->side = x;
            x = 0;
            y += 2;
            text = str_from_at(text, 1);
            continue;
        }
        while (!str_starts(text, str_from(blocks[i])))
            assert_true(++i < COUNTOF(blocks));
        g->dark[y][x] = upper[i];
        g->dark[y + 1][x++] = lower[i];
        text = str_from_at(text, strlen(blocks[i]));
        assert_true(x < SIDE_MAX && y + 1 < SIDE_MAX);
    }
    assert_in_range(y, g->side, g->side + 1);
}

static void from_svg(const char *svg, struct grid *g)
{
    int x, y;

    memset(g, 0, sizeof *g);
    assert_int_equal(sscanf(strstr(svg, "viewBox=\"0 0 "), "viewBox=\"0 0 %d", &g->side), 1);
    svg = strstr(svg, "d=\"");
    assert_non_null(svg);
    for (svg += 3; sscanf(svg, "M%d %dh1v1h-1z", &x, &y) == 2; svg = strchr(svg, 'z') + 1) {
        assert_true(x >= 4 && y >= 4 && x < g->side - 4 && y < g->side - 4);
        g->dark[y][x] = true;
    }
    assert_string_equal(svg, "\"/>\n</svg>\n");
}

/* The square in the square in three corners (ISO/IEC 18004, 6.3.3). */
static bool is_finder(const struct grid *g, int x0, int y0)
{
    for (int y = 0; y < 7; y++)
        for (int x = 0; x < 7; x++) {
            bool ring = x == 0 || y == 0 || x == 6 || y == 6, middle = x > 1 && x < 5 && y > 1 && y < 5;

            if (g->dark[y0 + y][x0 + x] != (ring || middle))
                return false;
        }
    return true;
}

static void both_drawings_are_the_same_code(void **state)
{
    static struct grid text, svg;
    static char memory[QR_DRAWN_MAX], other[QR_DRAWN_MAX];
    static const char *const contents[] = {"A", "CORDON HEAD 1 4711:9F86D081", "small letters \xd9\x88"};

    (void)state;
    for (size_t i = 0; i < COUNTOF(contents); i++) {
        struct buf a = buf_over(memory, sizeof memory), b = buf_over(other, sizeof other - 1);
        struct err e;

        assert_true(qr_text(str_from(contents[i]), &a, &e));
        assert_true(qr_svg(str_from(contents[i]), &b, &e));
        other[b.len] = 0;
        from_text(buf_str(&a), &text);
        from_svg(other, &svg);
        assert_int_equal(text.side, svg.side);
        assert_int_equal((text.side - 8 - 17) % 4, 0); /* 21, 25, 29 ... modules */
        assert_memory_equal(text.dark, svg.dark, sizeof text.dark);
        assert_true(is_finder(&text, 4, 4) && is_finder(&text, text.side - 11, 4) &&
                    is_finder(&text, 4, text.side - 11));
        assert_false(is_finder(&text, text.side - 11, text.side - 11));
    }
}

static void the_longest_content_fits_and_a_longer_one_is_refused(void **state)
{
    static char content[QR_CONTENT_MAX + 2], memory[QR_DRAWN_MAX];
    struct buf b = buf_over(memory, sizeof memory);
    struct err e;

    (void)state;
    memset(content, 'x', sizeof content - 1);
    assert_false(qr_text(str_of(content, QR_CONTENT_MAX + 1), &b, &e));
    assert_non_null(strstr(e.text, "too much for a QR code"));
    assert_true(qr_text(str_of(content, QR_CONTENT_MAX), &b, &e));
    b = buf_over(memory, sizeof memory);
    assert_true(qr_svg(str_of(content, QR_CONTENT_MAX), &b, &e));
    b = buf_over(memory, 100);
    assert_false(qr_text(STR("A"), &b, &e));
    assert_int_equal(e.kind, ERR_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_drawings_are_the_same_code),
        cmocka_unit_test(the_longest_content_fits_and_a_longer_one_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
