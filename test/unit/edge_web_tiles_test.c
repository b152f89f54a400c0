#include "edge/tiles.h"
#include "store/pmtiles_file.h"
#include "wire/pmtiles.h"
#include "support/folder.h"
#include "support/web_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sys/stat.h>

/* Real maps lie outside of the repository: CORDON_DATA, or shared/data beside it. */
static bool data_file(const char *name, char *path, size_t size)
{
    const char *data = getenv("CORDON_DATA"), *source = getenv("CORDON_SOURCE");

    (void)snprintf(path, size, "%s%s/tiles/%s",
                   data     ? data
                   : source ? source
                            : ".",
                   data ? "" : "/../shared/data", name);
    if (access(path, R_OK) == 0)
        return true;
    print_message("skipped: %s is not there; set CORDON_DATA\n", path);
    return false;
}

static void copy(const char *from, const char *folder, const char *name)
{
    static char bytes[1 << 20];
    char to[1024];
    FILE *in = fopen(from, "rb"), *out;
    size_t n;

    (void)snprintf(to, sizeof to, "%s/maps/%s", folder, name);
    MUST(in && (out = fopen(to, "wb")));
    n = fread(bytes, 1, sizeof bytes, in);
    MUST(fwrite(bytes, 1, n, out) == n);
    (void)fclose(in);
    MUST(fclose(out) == 0);
}

static void put_file(const char *folder, const char *name, const char *text)
{
    char path[1024];
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/maps/%s", folder, name);
    f = fopen(path, "wb");
    MUST(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void tiles_of_real_maps(void **state)
{
    char path[1024], text[8192];
    struct buf b = buf_over(text, sizeof text);
    char *dir = folder_make();
    struct tile_at at = {.map = STR("sf"), .z = 15, .x = 0, .y = 0};
    struct tiles *t;
    struct tile tile;
    struct err e;

    (void)state;
    (void)snprintf(path, sizeof path, "%s/maps", dir);
    MUST(mkdir(path, 0700) == 0);
    put_file(dir, "broken.mbtiles", "this is no database");
    put_file(dir, "empty.mbtiles", "");
    put_file(dir, "other.txt", "x");
    if (!data_file("sf_z15.mbtiles", path, sizeof path))
        skip();
    copy(path, dir, "sf.mbtiles");
    if (data_file("world_cities.mbtiles", path, sizeof path))
        copy(path, dir, "world cities.mbtiles");
    t = tiles_new(dir);
    tiles_put(t, &b);
    assert_false(b.full);
    print_message("%.*s\n", STR_ARG(buf_str(&b)));
    assert_true(str_find(buf_str(&b), STR("\"name\":\"sf\"")) < b.len);
    assert_true(str_find(buf_str(&b), STR("broken")) == b.len);
    assert_true(tiles_get(t, &at, &tile, &e));
    assert_int_equal(tile.len, 0);
    at = (struct tile_at){.map = STR("world cities")};
    assert_true(tiles_get(t, &at, &tile, &e));
    assert_true(tile.len > 0);
    free(tile.bytes);
    at.z = 40;
    assert_true(tiles_get(t, &at, &tile, &e) && tile.len == 0);
    at.map = STR("../sf");
    assert_false(tiles_get(t, &at, &tile, &e));
    assert_int_equal(e.kind, ERR_MISSING);
    tiles_free(t);
    MUST(nftw(dir, world_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    free(dir);
}

static void put_whole(char *header, size_t at, uint64_t n)
{
    for (size_t i = 0; i < 8; i++)
        header[at + i] = (char)(n >> 8 * i & 0xff);
}

/* Zooms 0 to 2 of one picture: a directory at the top, and one below it that has the last sixteen tiles. Nothing
 * of it is packed. cut: so many bytes are missing at its end. */
static void put_pmtiles(const char *folder, const char *name, size_t cut)
{
    static const char top[] = {2, 0, 5, 5, 0, 4, 5, 1, 1}, below[] = {1, 5, 16, 4, 1}, picture[] = "\x89PNG";
    static const char metadata[] = "{\"attribution\":\"EX-Survey\"}";
    const struct part {
        const char *bytes;
        size_t len;
    } parts[] = {{top, sizeof top}, {metadata, sizeof metadata - 1}, {below, sizeof below}, {picture, 4}};
    char bytes[256] = "PMTiles\x03", path[1024];
    size_t at = PMTILES_HEADER;
    FILE *f;

    for (size_t i = 0; i < COUNTOF(parts); i++) {
        memcpy(bytes + at, parts[i].bytes, parts[i].len);
        put_whole(bytes, 8 + 16 * i, at);
        put_whole(bytes, 16 + 16 * i, parts[i].len);
        at += parts[i].len;
    }
    memcpy(bytes + 96, "\0\1\1\2\0\2", 6);
    (void)snprintf(path, sizeof path, "%s/maps/%s", folder, name);
    f = fopen(path, "wb");
    MUST(f && fwrite(bytes, 1, at - cut, f) == at - cut && fclose(f) == 0);
}

static void pmtiles_come_while_it_runs(void **state)
{
    char path[1024], text[8192];
    struct buf b = buf_over(text, sizeof text);
    char *dir = folder_make();
    struct tiles *t = tiles_new(dir);
    struct tile tile;
    struct err e;

    (void)state;
    tiles_put(t, &b);
    assert_true(str_eq(buf_str(&b), STR("[]")));
    (void)snprintf(path, sizeof path, "%s/maps", dir);
    MUST(mkdir(path, 0700) == 0);
    put_pmtiles(dir, "way.pmtiles", 40); /* not even its directory is there */
    b.len = 0;
    tiles_put(t, &b);
    assert_true(str_eq(buf_str(&b), STR("[]")));
    put_pmtiles(dir, "way.pmtiles", 0); /* the folder is as it was */
    put_pmtiles(dir, "short.pmtiles", 2);
    put_file(dir, "way.mbtiles", "no database, and the name is taken");
    b.len = 0;
    tiles_put(t, &b);
    assert_true(str_find(buf_str(&b), STR("\"name\":\"way\",\"format\":\"png\",\"minzoom\":0,\"maxzoom\":2")) < b.len);
    assert_true(str_find(buf_str(&b), STR("EX-Survey")) < b.len);
    for (unsigned z = 0; z < 3; z++) {
        struct tile_at at = {STR("way"), z, (1u << z) - 1, 0};

        assert_true(tiles_get(t, &at, &tile, &e));
        assert_int_equal(tile.len, 4);
        assert_string_equal(tile.type, "image/png");
        assert_false(tile.gzip);
        free(tile.bytes);
    }
    assert_true(tiles_get(t, &(struct tile_at){STR("way"), 3, 0, 0}, &tile, &e) && tile.len == 0);
    assert_false(tiles_get(t, &(struct tile_at){STR("short"), 0, 0, 0}, &tile, &e));
    assert_string_equal(e.text, "map short: it is cut short");
    assert_false(tiles_get(t, &(struct tile_at){STR("../way"), 0, 0, 0}, &tile, &e));
    if (data_file("test_fixture_1.pmtiles", path, sizeof path)) {
        copy(path, dir, "real.pmtiles");
        b.len = 0;
        tiles_put(t, &b);
        assert_true(tiles_get(t, &(struct tile_at){STR("real"), 0, 0, 0}, &tile, &e));
        assert_true(tile.len == 69 && tile.gzip);
        free(tile.bytes);
    }
    tiles_free(t);
    MUST(nftw(dir, world_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    free(dir);
}

/* What is wrong with a file of two directories and seventeen pictures, when byte `at` of it is another one. */
static void a_damaged_file_is_found_before_it_is_taken(void **state)
{
    enum { TOP = PMTILES_HEADER, BELOW = PMTILES_HEADER + 9 + 27 };
    static const struct row {
        size_t at, cut;
        char byte;
        const char *why; /* NULL: it is taken */
        size_t also_at;  /* 0: nowhere */
        char also;
    } rows[] = {
        {0, 0, 'P', NULL, 0, 0},
        {7, 0, 2, "it is PMTiles version 2", 0, 0},
        {0, 1, 'P', "one of its tiles lies behind its end", 0, 0},
        {0, 7, 'P', "it points behind its own end", 0, 0},
        {0, 40, 'P', "it is cut short", 0, 0},
        {8 + 32 + 3, 0, 1, "it points behind its own end", 0, 0},      /* where the directories below begin */
        {8 + 48 + 3, 0, 1, "it points behind its own end", 0, 0},      /* where the tiles begin */
        {TOP, 0, 3, "one of its directories cannot be read", 0, 0},    /* more entries than there are */
        {TOP + 7, 0, 0, "one of its directories cannot be read", 0, 0}, /* a first entry that goes on behind nothing */
        {TOP + 6, 0, 99, "one of its directories lies behind its end", 0, 0},
        {TOP + 8, 0, 99, "one of its directories lies behind its end", 0, 0},
        {BELOW + 2, 0, 0, "lie too deep", BELOW + 3, 5}, /* a directory below that points to itself */
        {BELOW, 0, 2, "one of its directories cannot be read", 0, 0},
        {BELOW + 3, 0, 5, "one of its tiles lies behind its end", 0, 0},
        {BELOW + 4, 0, 2, "one of its tiles lies behind its end", 0, 0},
    };
    char path[1024], *dir = folder_make();

    (void)state;
    (void)snprintf(path, sizeof path, "%s/maps", dir);
    MUST(mkdir(path, 0700) == 0);
    (void)snprintf(path, sizeof path, "%s/maps/way.pmtiles", dir);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        struct pmtiles_header about;
        struct pmtiles *p = NULL;
        struct err e = {0};
        FILE *f;
        bool ok;

        put_pmtiles(dir, "way.pmtiles", rows[i].cut);
        f = fopen(path, "r+b");
        MUST(f && fseek(f, (long)rows[i].at, SEEK_SET) == 0 && fputc(rows[i].byte, f) != EOF);
        if (rows[i].also_at)
            MUST(fseek(f, (long)rows[i].also_at, SEEK_SET) == 0 && fputc(rows[i].also, f) != EOF);
        MUST(fclose(f) == 0);
        ok = pmtiles_open(path, &p, &about, &e) && pmtiles_check(p, &e);
        if (ok != !rows[i].why || (rows[i].why && !strstr(e.text, rows[i].why)))
            fail_msg("row %zu: %s", i, ok ? "taken" : e.text);
        pmtiles_close(p);
    }
    MUST(nftw(dir, world_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
    free(dir);
}

static void no_folder_is_no_maps(void **state)
{
    char text[64];
    struct buf b = buf_over(text, sizeof text);
    struct tiles *t = tiles_new("/nonexistent");

    (void)state;
    tiles_put(t, &b);
    assert_true(str_eq(buf_str(&b), STR("[]")));
    tiles_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tiles_of_real_maps),
        cmocka_unit_test(pmtiles_come_while_it_runs),
        cmocka_unit_test(a_damaged_file_is_found_before_it_is_taken),
        cmocka_unit_test(no_folder_is_no_maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
