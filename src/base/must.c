#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

noreturn void must_fail(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "cordon: broken invariant: %s (%s:%d)\n", what, file, line);
    abort();
}
