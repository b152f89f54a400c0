/* A line of witness.txt: what is taken is printed as a line that is taken as the same. */
#include "store/witness.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size + 1), line[WITNESS_LINE_MAX + 1], again[WITNESS_LINE_MAX + 1];
    struct buf b = buf_over(line, sizeof line), c = buf_over(again, sizeof again);
    struct witness w, v;

    MUST(copy);
    if (size)
        memcpy(copy, data, size);
    if (witness_parse(str_of(copy, size), &w)) {
        MUST(w.head.seq > 0 && w.who[0] && size < WITNESS_LINE_MAX);
        witness_print(&w, &b);
        MUST(!b.full && b.at[b.len - 1] == '\n');
        MUST(witness_parse(str_cut(buf_str(&b), 0, b.len - 1), &v));
        witness_print(&v, &c);
        MUST(str_eq(buf_str(&b), buf_str(&c)));
    }
    free(copy);
    return 0;
}
