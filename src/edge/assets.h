/* assets.h -- the page's files, held in the program.
 *
 * The build of web/ makes the table (tools/embed); a program without it has
 * the empty one of assets.c.  Every file is kept as gzip alone: all browsers take
 * it, and so does `curl --compressed`. */
#ifndef CORDON_EDGE_ASSETS_H
#define CORDON_EDGE_ASSETS_H

#include <stdbool.h>
#include <stddef.h>

struct asset {
    const char *path; /* "/index.html", "/assets/main-1a2b3c.js" */
    const char *type; /* Content-Type */
    const unsigned char *gzip;
    size_t gzip_len;
    bool immutable;   /* the name changes with the content */
    const char *etag; /* with its quotes */
};

extern const struct asset assets[];
extern const size_t asset_count;

#endif
