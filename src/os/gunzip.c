#include "os/gunzip.h"

#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

enum { GZIP_ALONE = 16 + MAX_WBITS }; /* a gzip header, and no other, is wanted */

bool gunzip(struct str packed, char *to, size_t size, size_t *n, struct err *e)
{
    z_stream z = {0};
    int said;

    *n = 0;
    if (packed.len > UINT_MAX || size > UINT_MAX)
        return err_set(e, ERR_INPUT, "it is too large to be unpacked");
    if (inflateInit2(&z, GZIP_ALONE) != Z_OK)
        return err_set(e, ERR_WORLD, "there is not enough memory to unpack it");
    z.next_in = (const unsigned char *)packed.at;
    z.avail_in = (unsigned)packed.len;
    z.next_out = (unsigned char *)to;
    z.avail_out = (unsigned)size;
    said = inflate(&z, Z_FINISH);
    *n = size - z.avail_out;
    (void)inflateEnd(&z);
    if (said == Z_STREAM_END)
        return true;
    if (z.avail_out == 0)
        return err_set(e, ERR_INPUT, "unpacked it has more than %zu bytes", size);
    return err_set(e, ERR_INPUT, "it is no whole gzip");
}
