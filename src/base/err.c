#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *e, enum err_kind kind, const char *format, ...)
{
    va_list args;

    MUST(e && kind != ERR_NONE);
    e->kind = kind;
    va_start(args, format);
    (void)vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return false;
}

bool err_in(struct err *e, const char *format, ...)
{
    char was[ERR_TEXT_MAX];
    va_list args;
    size_t n;

    MUST(e && e->kind != ERR_NONE);
    memcpy(was, e->text, sizeof was);
    va_start(args, format);
    (void)vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    n = strlen(e->text);
    (void)snprintf(e->text + n, sizeof e->text - n, ": %s", was);
    return false;
}
