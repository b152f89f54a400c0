/* The blocks of machines without SSE2. */
#define SCAN_WORDS
#include "unit/wire_scan_test.c"
