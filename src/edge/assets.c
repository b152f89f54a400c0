#include "edge/assets.h"

/* Stands in until the build links the page; one row, because C has no empty arrays. */
__attribute__((weak)) const struct asset assets[] = {{0}};
__attribute__((weak)) const size_t asset_count = 0;
