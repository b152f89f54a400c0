#include "load/ledger.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { PROBES = 64, REMEMBERED_AT_ONCE = 4096 };

/* Rows are touched as phones hear one another: what stays quiet costs nothing. */
static void *map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                    -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

static size_t cells_size(const struct ledger *l)
{
    return ((size_t)l->phones * l->width + 1) * sizeof *l->last;
}

bool ledger_init(struct ledger *l, uint32_t phones, uint32_t width, struct err *e)
{
    *l = (struct ledger){.phones = phones, .width = width > 0 ? width : 1};
    l->last = map(cells_size(l));
    l->gaps = calloc(LEDGER_GAPS, sizeof *l->gaps);
    if (l->last && l->gaps)
        return true;
    ledger_fini(l);
    return err_set(e, ERR_WORLD, "no memory to note what %u phones hear of each other", phones);
}

void ledger_fini(struct ledger *l)
{
    if (l->last)
        (void)munmap(l->last, cells_size(l));
    free(l->gaps);
    l->last = NULL;
    l->gaps = NULL;
}

static uint64_t gap_key(uint32_t receiver, uint32_t sender, uint32_t number)
{
    return ((uint64_t)receiver << 40 | (uint64_t)sender << 16 | number) + 1;
}

static uint64_t *gap_place(struct ledger *l, uint64_t key, uint64_t wanted)
{
    uint64_t at = key * 0x9E3779B97F4A7C15u >> 48;

    for (unsigned i = 0; i < PROBES; i++) {
        uint64_t *gap = &l->gaps[(at + i) % LEDGER_GAPS];

        if (*gap == wanted)
            return gap;
    }
    return NULL;
}

static void miss(struct ledger *l, uint32_t receiver, uint32_t sender, uint32_t number)
{
    uint64_t *gap = gap_place(l, gap_key(receiver, sender, number), 0);

    if (gap)
        *gap = gap_key(receiver, sender, number);
    if (l->missing == 0) {
        l->first_receiver = receiver;
        l->first_sender = sender;
        l->first_number = number;
    }
    l->missing++;
}

void ledger_note_odd(struct ledger *l, uint32_t receiver, uint32_t sender, uint32_t number)
{
    uint16_t *last = ledger_cell(l, receiver, sender);
    uint64_t *gap;

    MUST(number <= LEDGER_NUMBER_MAX);
    if (number > *last) {
        uint32_t from = (uint32_t)*last + 1;

        for (uint32_t i = from; i < number && i - from < REMEMBERED_AT_ONCE; i++)
            miss(l, receiver, sender, i);
        if (number - from > REMEMBERED_AT_ONCE)
            l->missing += number - from - REMEMBERED_AT_ONCE;
        *last = (uint16_t)number;
        return;
    }
    gap = gap_place(l, gap_key(receiver, sender, number), gap_key(receiver, sender, number));
    if (!gap) {
        l->again++;
        return;
    }
    *gap = 0;
    l->missing--;
    l->late++;
}

void ledger_note_slow(struct ledger *l, uint32_t receiver, uint32_t sender, uint32_t number)
{
    uint16_t *last = ledger_cell(l, receiver, sender);

    MUST(number <= LEDGER_NUMBER_MAX);
    if (number > *last) {
        l->conflated += number - *last - 1u;
        *last = (uint16_t)number;
    } else if (number == *last) {
        l->repeated++;
    } else {
        l->late++;
    }
}

bool ledger_close(struct ledger *l, uint32_t receiver, uint32_t sender, uint32_t number)
{
    uint16_t last = *ledger_cell(l, receiver, sender);

    MUST(last <= number);
    for (uint32_t i = (uint32_t)last + 1; i <= number; i++)
        miss(l, receiver, sender, i);
    return last == number;
}
