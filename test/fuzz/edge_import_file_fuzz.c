/* What a file of the inbox may hold.
 *
 * The first byte says whether the incident is an exercise and how many lines are read at once.  Nothing may
 * abort; what is taken is well formed, each ticket is found again, and however it is sliced it reads the
 * same. */
#include "edge/import_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_all(struct import_file *f, struct str text, bool exercise, size_t most, struct err *e)
{
    char *own = malloc(text.len + 1);
    bool done = false;

    MUST(own);
    if (text.len)
        memcpy(own, text.at, text.len);
    if (!import_file_begin(f, own, text.len, e))
        return false;
    while (!done)
        if (!import_file_read(f, exercise, most, &done, e))
            return false;
    return true;
}

static void check(const struct import_file *f)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct import_item *x = &f->items[i];
        struct str rest = x->asked, v;
        enum field tag;

        MUST(import_file_find(f, x->ticket) == x);
        MUST(str_ends(x->asked, x->core) && x->recorded_ms >= -1 && kind_info(x->kind)->tag);
        while (fields_next(&rest, &tag, &v))
            ;
        MUST(rest.len == 0 && str_eq(incident_value(x->core, IN_INCIDENT), str_from(f->incident)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of(data + (size > 0), size - (size > 0));
    bool exercise = size > 0 && (data[0] & 1), ok;
    struct import_file whole, sliced;
    struct err e = {0}, other = {0};
    struct import_result r;

    ok = read_all(&whole, text, exercise, SIZE_MAX, &e);
    if (ok)
        check(&whole);
    MUST(ok == read_all(&sliced, text, exercise, size > 0 ? 1u + data[0] / 2u : 1, &other));
    MUST(whole.count == sliced.count && strcmp(e.text, other.text) == 0);
    import_file_end(&whole);
    import_file_end(&sliced);
    (void)!import_result_read(text, &r, &e);
    return 0;
}
