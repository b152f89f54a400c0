/* An archive of any bytes: nothing aborts; what is taken keeps within the limits, no name leads out of its folder,
 * and an entry that is read is as long as the archive said. */
#include "os/zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BYTES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(struct zip_reader *z, size_t size)
{
    char *bytes = malloc(BYTES_MAX);
    uint64_t sum = 0;

    MUST(bytes && zip_count(z) <= ZIP_ENTRIES_MAX);
    for (size_t i = 0; i < zip_count(z); i++) {
        struct zip_entry entry = zip_entry(z, i);
        struct err e = {0};
        size_t n, at;

        MUST(entry.name.len > 0 && entry.name.len <= ZIP_NAME_MAX && str_is_utf8(entry.name));
        MUST(entry.name.at[0] != '/' && !str_starts(entry.name, STR("../")));
        MUST(str_find(entry.name, STR("/../")) == entry.name.len && str_find_byte(entry.name, '\\') == entry.name.len);
        MUST(zip_find(z, entry.name, &at) && at == i);
        sum += entry.size;
        if (zip_read(z, i, bytes, BYTES_MAX, &n, &e))
            MUST(n == entry.size);
        else
            MUST(e.kind != ERR_NONE && e.text[0]);
    }
    MUST(sum <= BYTES_MAX && sum / ZIP_RATIO_MAX <= size);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("zip", MFD_CLOEXEC);
    struct zip_reader *z;
    struct err e = {0};
    char path[64];

    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (zip_read_open(path, BYTES_MAX, &z, &e)) {
        look(z, size);
        zip_read_close(z);
    } else
        MUST(e.kind != ERR_NONE && e.text[0]);
    (void)close(fd);
    return 0;
}
