/* record.h -- a seeded world of writers around the real record thread's code and a disk that loses power.
 *
 *   writers --(commands, some again)--> recorder_turn: decide, journal over crash_vfs, apply --> answers
 *                                          |                                   some are lost with the power
 *                                          +--> a reader that follows, as the page's thread does
 *
 * Everything that decides is the product's own: edge/recorder*.c without its thread, edge/incidents*.c,
 * store/journal*.c.  Time is virtual, one number gives the whole run (keys and nonces of the journal apart).
 *
 * record.c what happens; record_check.c what must hold after each start and at the end. */
#ifndef CORDON_SIM_RECORD_H
#define CORDON_SIM_RECORD_H

#include "support/incident_guess.h"
#include "support/recorder_alone.h"

#include <setjmp.h>

/* Marks the request of a ticket that comes with another kind than its own. */
#define MISUSED (UINT64_C(1) << 32)

enum { SENT_MAX = 4096, ANSWERS_MAX = 4096, MARKS_MAX = 64, RECORD_STEPS = 50 };

/* A command under its ticket, however often it was sent. */
struct sent {
    enum incident_kind kind;
    char ticket[24];
    char *payload; /* malloc, with the ticket */
    size_t len;
    unsigned attempts, refused; /* what was taken by the queue; what was answered with a refusal */
    bool acked;
    uint16_t rows;       /* as the first answer had it; 0: not known */
    uint64_t seq;        /* acked: its row */
    uint64_t walked_seq; /* of the walk at hand: where it was found */
};

struct heard {
    struct answer_head head;
    char text[ERR_TEXT_MAX];
};

/* An incident as it stood after a row. */
struct mark {
    char id[16];
    uint64_t seq, hash;
};

struct record_world {
    uint64_t seed, random;
    int64_t steps, step;
    char *dir;
    struct alone a;
    bool open;
    struct journal *reader;
    struct incidents page; /* what the reader followed, up to page_to */
    uint64_t page_to;
    struct sent *sent;
    size_t sent_count;
    struct heard *heard; /* not yet with the writers */
    size_t heard_count;
    struct mark marks[MARKS_MAX];
    size_t mark_count;
    int64_t full_until; /* step */
    uint64_t acked, refused, again, cuts, stops, fulls, rows, followed, digest;
    jmp_buf failed;
    char why[512];
};

bool record_run(uint64_t seed, int64_t steps, bool tell);

/* 0 .. n - 1 */
uint32_t record_chance(struct record_world *w, uint32_t n);
noreturn void record_fail(struct record_world *w, const char *format, ...) PRINTF_LIKE(2, 3);
#define HOLDS(w, x, ...) ((x) ? (void)0 : record_fail(w, __VA_ARGS__))

/* record_check.c */
/* An answer that reaches its writer. */
void record_check_answer(struct record_world *w, const struct heard *x);
/* After a turn that left nothing in the batch: the reader sees what the recorder has. */
void record_check_page(struct record_world *w);
/* Limits, and what the domain wants of every state. */
void record_check_state(struct record_world *w);
/* The whole journal against all that is known of it. */
void record_check_all(struct record_world *w);

#endif
