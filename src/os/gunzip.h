/* gunzip.h -- unpacks gzip into memory of the caller's size: all of zlib that Cordon uses.
 *
 * Pure but for zlib's own memory (32 KiB for the call).  Never more than the caller gives: what would not fit
 * is refused, so a small file cannot fill the memory. */
#ifndef CORDON_OS_GUNZIP_H
#define CORDON_OS_GUNZIP_H

#include "base/err.h"
#include "base/str.h"

/* ERR_INPUT: it is no gzip, is cut off, or has more than size bytes. */
bool gunzip(struct str packed, char *to, size_t size, size_t *n, struct err *e) MUST_USE;

#endif
