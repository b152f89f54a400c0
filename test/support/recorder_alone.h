/* recorder_alone.h -- the real recorder without its thread: a hub, a small river, no phones, no page.
 *
 * Tests only.  The test takes the steps that the thread takes (recorder_turn, recorder_second), and hears the answers
 * by a function of its own.  Time stands still until alone_pass(). */
#ifndef CORDON_SUPPORT_RECORDER_ALONE_H
#define CORDON_SUPPORT_RECORDER_ALONE_H

#include "core/river.h"
#include "edge/incidents_journal.h"
#include "edge/recorder_in.h"
#include "os/clock.h"
#include "os/log.h"

#include <stdio.h>
#include <stdlib.h>

#define ALONE_START_MS INT64_C(1700000000000)

struct alone {
    struct hub h;
    struct river river;
    void *memory;
    struct blobs *blobs; /* set before alone_open(): files are served; the test's own */
    void *ctx; /* of whoever hears the answers */
    struct err err;
};

static inline void alone_wake(struct hub *h)
{
    (void)h;
}

/* The moment from which the clock is the test's. */
static inline void alone_clock(void)
{
    clock_exercise(ALONE_START_MS, 0);
    log_set_level(LOG_NOTHING);
}

static inline void alone_pass(int64_t ms)
{
    clock_exercise_skip(clock_wall_ms() + ms);
}

/* From the files of a folder; false with a->err when they cannot be opened. */
static inline bool alone_open(struct alone *a, const char *dir,
                              void (*hear)(struct hub *, const struct answer_head *, const char *))
{
    static const struct recorder_config config = {.default_group = "All"};
    struct river_limits l = river_limits();
    struct recorder_started how;
    void *base;

    l.units_max = 64;
    l.live_entries = l.must_entries = 256;
    l.slab_bytes = 1 << 20;
    for (int f = 0; f < FORM_COUNT; f++)
        l.live_bytes[f] = l.must_bytes[f] = 1 << 18;
    memset(&a->h, 0, sizeof a->h);
    base = a->memory = calloc(1, river_memory(&l) + 64);
    MUST(base && pthread_mutex_init(&a->h.lock, NULL) == 0);
    river_init(&a->river, &l, (char *)base + (64 - (uintptr_t)base % 64) % 64, (struct hash_key){1, 2},
               STR("EX-server"));
    a->h.river = &a->river;
    a->h.blobs = a->blobs;
    (void)snprintf(a->h.server_uid, sizeof a->h.server_uid, "EX-server");
    (void)snprintf(a->h.server_name, sizeof a->h.server_name, "EXERCISE");
    a->h.loop_count = 1;
    a->h.client_max = 4;
    a->h.wake_loops = alone_wake;
    a->h.answer_other = hear;
    (void)snprintf(a->h.dir, sizeof a->h.dir, "%s", dir);
    return recorder_open(&a->h, &config, &how, &a->err);
}

/* As the machine forgets it: nothing more is written but what closing the files writes. */
static inline void alone_drop(struct alone *a)
{
    recorder_close(a->h.recorder);
    recorder_free(&a->h);
    (void)pthread_mutex_destroy(&a->h.lock);
    free(a->memory);
    a->memory = NULL;
}

/* A clean stop. */
static inline void alone_stop(struct alone *a)
{
    recorder_end(a->h.recorder);
    alone_drop(a);
}

static inline bool alone_ask(struct alone *a, enum incident_kind kind, struct str payload, uint64_t request)
{
    struct ask_head head = {.ask = ASK_COMMAND, .kind = (uint16_t)kind, .sender = RING_NO_SENDER,
                            .request = request, .at_ms = clock_wall_ms()};

    return hub_ask(&a->h, &head, payload);
}

#endif
