/* world.h -- a seeded world of phones around one server of the pure core.
 *
 *   phone --(up: bytes in pieces)--> session --> record --> disk that stalls, fails, loses power
 *   phone <-(down: bytes in pieces)-- session <-- rings
 *
 * Everything that varies comes from one number: a run can be repeated bit for
 * bit.  Time is virtual.  Each event that a phone writes carries a mark, <_sim
 * id="N">, and N is a row of `said` with all that the checkers must know of it.
 *
 * phones.c what phones do and how bytes travel; disk.c the record and its disk;
 * check.c what must hold at every moment and at the end. */
#ifndef CORDON_SIM_WORLD_H
#define CORDON_SIM_WORLD_H

#include "support/sim_phone.h"
#include "support/sim_server.h"

#include <setjmp.h>

enum {
    PHONES_MAX = 24,
    GROUPS = 4,
    UNITS_EACH = 8, /* things that a phone speaks for; 0 is itself, 1 its alert */
    SAID_MAX = 1 << 16,
    PIPE_MAX = 256 * 1024,
    FLIGHT_MAX = 1024, /* units on their way to one phone */
    ALERTS_MAX = 256,
    TO_SOME = 1 << 30, /* it names somebody, if nobody who is here */
};

enum said_kind { SAID_REPORT, SAID_TRACK, SAID_MARKER, SAID_DELETE, SAID_CHAT, SAID_ALERT, SAID_CANCEL, SAID_PASS };

struct said {
    uint8_t kind, phone, unit;
    bool fed;
    uint8_t audience;   /* groups, as bits, when the server took it */
    uint32_t order;     /* of its phone, ever growing */
    uint64_t row;       /* journal number; 0: not durable */
    uint32_t to;        /* phones that it names, as bits, and TO_SOME; 0: all */
    uint32_t may;       /* phones that had or will have the callsign that it names */
    int64_t fed_ms;
    uint32_t gathered;  /* phones whose present session was given it */
    uint32_t received;  /* phones that have it */
};

/* Bytes on their way, with the marks of the whole units in them. */
struct pipe {
    char bytes[PIPE_MAX];
    size_t len;
    struct {
        size_t end; /* counted from the begin of bytes */
        uint32_t id; /* 0: something of the protocol */
    } unit[FLIGHT_MAX];
    size_t unit_count;
};

struct phone {
    int id, conn; /* conn: -1 offline */
    bool relay, regroups, wants_v1, asked, v1;
    bool hears_v1;  /* what the server must speak: v1 from the response on */
    bool bound_once;
    uint8_t in, out;
    uint8_t was_out; /* all that it heard since it connected */
    uint32_t order;
    int callsign;
    bool alert_open, unit_is[UNITS_EACH];
    int64_t online_ms, stall_until_ms, blocked_ms, act_ms, tick_ms;
    uint64_t since_row, acked_at_join;
    uint32_t last[PHONES_MAX][UNITS_EACH]; /* order of what this session was given last */
    struct pipe up, down;
};

struct world {
    uint64_t seed, random;
    int64_t steps, step;
    struct sim_server *sv;
    struct phone phones[PHONES_MAX];
    int phone_count;
    struct said *said;
    uint32_t said_count; /* ids begin at 1 */
    uint32_t alerts[ALERTS_MAX];
    size_t alert_count;
    bool quiet; /* nobody acts any more: all that is due arrives */
    bool silent; /* nobody even reports */
    bool syncing;
    size_t sync_rows;
    int64_t sync_until_ms, failing_until_ms, next_tick_ms;
    uint64_t delivered, crashes, cuts, digest;
    int watched; /* phone whose events are printed; -1: none */
    jmp_buf failed;
    char why[512];
};

/* 0 .. n - 1 */
uint32_t chance(struct world *w, uint32_t n);
/* True once in n times. */
static inline bool once_in(struct world *w, uint32_t n)
{
    return chance(w, n) == 0;
}
noreturn void fail(struct world *w, const char *format, ...) PRINTF_LIKE(2, 3);
#define CHECK(w, x, ...) ((x) ? (void)0 : fail(w, __VA_ARGS__))

/* phones.c */
void phones_begin(struct world *w);
void phones_step(struct world *w);
void phone_cut(struct world *w, struct phone *p, bool server_knows);
int64_t phone_user(struct str name);
/* Of what a phone speaks for; text: 32 bytes. */
const char *unit_uid(int phone, int unit, char *text);
/* The mark in some bytes; 0: none. */
uint32_t mark_in(struct str bytes);

/* disk.c */
void disk_step(struct world *w);
void disk_crash(struct world *w);

/* check.c */
/* missed: what it missed may be among it. */
void check_given(struct world *w, struct phone *p, struct str bytes, bool missed);
void check_step(struct world *w);
void check_replay(struct world *w);
void check_end(struct world *w);

#endif
