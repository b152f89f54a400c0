#include "load/account.h"

#include "wire/takproto.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { SCRATCH = 2 * STREAM_EVENT_MAX };

static size_t chats_size(const struct account *a)
{
    return (size_t)a->o->clients * a->chats.words * sizeof *a->chats.heard + 1;
}

static bool chats_init(struct account *a)
{
    struct chats *c = &a->chats;
    void *heard;

    c->max = (uint32_t)(a->o->chat_hz * (a->o->warmup_s + a->o->seconds)) + 2;
    c->words = c->max / 64 + 1;
    c->from = calloc(c->max, sizeof *c->from);
    c->to = calloc(c->max, sizeof *c->to);
    heard = mmap(NULL, chats_size(a), PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    c->heard = heard == MAP_FAILED ? NULL : heard;
    return c->from && c->to && c->heard;
}

bool account_init(struct account *a, const struct options *o, struct err *e)
{
    uint32_t clients = (uint32_t)o->clients;

    memset(a, 0, sizeof *a);
    a->o = o;
    a->from_us = INT64_MAX;
    a->timing = &a->calm;
    a->scratch = malloc(SCRATCH);
    if (!ledger_init(&a->ledger, clients, o->neighbours > 0 ? (uint32_t)o->neighbours + 1 : clients,
                     e))
        return false;
    if (a->scratch && chats_init(a))
        return true;
    account_fini(a);
    return err_set(e, ERR_WORLD, "no memory for the account of %u phones", clients);
}

void account_fini(struct account *a)
{
    ledger_fini(&a->ledger);
    free(a->scratch);
    free(a->chats.from);
    free(a->chats.to);
    if (a->chats.heard)
        (void)munmap(a->chats.heard, chats_size(a));
    memset(&a->chats, 0, sizeof a->chats);
    a->scratch = NULL;
}

bool account_may_hear(const struct account *a, uint32_t receiver, uint32_t sender)
{
    uint32_t packages = a->o->package_count;

    return packages < 2 || receiver % packages == sender % packages;
}

/* Decodes the event in full: it must say what its sender says. */
static bool is_whole(struct account *a, struct stream_unit u, const struct marker *m)
{
    char uid[MARKER_NAME_MAX], callsign[MARKER_NAME_MAX];
    struct buf scratch = buf_over(a->scratch, SCRATCH);
    struct tak_control control;
    bool has_event = true;
    struct cot c;
    struct err e;

    if (u.is == STREAM_V1 ? !tak_decode(u.body, &scratch, &c, &has_event, &control, &e)
                          : !cot_from_xml(u.body, &scratch, &c, &e))
        return false;
    marker_uid(uid, m->sender);
    marker_callsign(callsign, m->sender);
    if (m->is_chat)
        return has_event && str_eq(c.type, STR("b-t-f"));
    return has_event && str_eq(c.uid, str_from(uid)) && str_eq(c.type, STR("a-f-G-U-C")) &&
           str_eq(c.contact.callsign, str_from(callsign)) && c.has_point &&
           str_eq(c.group.name, STR("Cyan")) && c.status.battery == 78 && c.track.is;
}

static void chat_event(struct account *a, const struct phone *p, const struct marker *m,
                       int64_t now_us)
{
    struct chats *c = &a->chats;
    uint64_t *word, bit = (uint64_t)1 << m->number % 64;

    if (m->number >= c->said || c->from[m->number] != m->sender) {
        a->bad++;
        return;
    }
    c->misdirected += c->to[m->number] != SAY_ALL && c->to[m->number] != p->n;
    word = &c->heard[p->n * c->words + m->number / 64];
    c->again += (*word & bit) != 0;
    *word |= bit;
    c->deliveries++;
    if (m->sent_us >= a->from_us && m->sent_us < a->to_us)
        histogram_note(&a->chat, now_us - m->sent_us);
}

static void time_it(struct account *a, const struct phone *p, const struct marker *m,
                    int64_t now_us)
{
    if (m->sent_us < a->from_us || m->sent_us >= a->to_us)
        return;
    if (p->slow)
        histogram_note(&a->slow, now_us - m->sent_us);
    else
        histogram_note(a->timing, now_us - m->sent_us);
}

void account_event(struct account *a, const struct phone *p, struct stream_unit u,
                   const struct marker *m, int64_t now_us)
{
    MUST(p->n < a->ledger.phones);
    if (++a->seen % ACCOUNT_SAMPLE == 0) {
        a->sampled++;
        a->bad += !is_whole(a, u, m);
    }
    if (m->sender == p->n) {
        a->echoes++;
        return;
    }
    if (!account_may_hear(a, p->n, m->sender)) {
        a->leaks++;
        return;
    }
    if (m->is_chat) {
        chat_event(a, p, m, now_us);
        return;
    }
    if (m->number == 0)
        return; /* where it stood before the run */
    if (!ledger_has(&a->ledger, p->n, m->sender)) {
        a->far++;
        return;
    }
    if (m->number > LEDGER_NUMBER_MAX)
        a->bad++;
    else if (p->slow)
        ledger_note_slow(&a->ledger, p->n, m->sender, m->number);
    else
        ledger_note(&a->ledger, p->n, m->sender, m->number);
    time_it(a, p, m, now_us);
}

bool account_say(struct account *a, uint32_t from, uint32_t to, uint32_t *number)
{
    struct chats *c = &a->chats;

    if (c->said == c->max)
        return false;
    *number = c->said++;
    c->from[*number] = from;
    c->to[*number] = to;
    return true;
}

static void close_chats(struct account *a, uint32_t receiver)
{
    struct chats *c = &a->chats;

    for (uint32_t i = 0; i < c->said; i++) {
        bool due = c->from[i] != receiver && account_may_hear(a, receiver, c->from[i]) &&
                   (c->to[i] == SAY_ALL || c->to[i] == receiver);

        if (due && !(c->heard[receiver * c->words + i / 64] >> i % 64 & 1))
            c->lost++;
    }
}

void account_close(struct account *a, const struct phone *p, const uint16_t *said)
{
    uint32_t first = p->n - p->n % a->ledger.width, end = first + a->ledger.width;

    for (uint32_t sender = first; sender < end && sender < a->ledger.phones; sender++) {
        if (sender == p->n || !account_may_hear(a, p->n, sender))
            continue;
        a->pairs++;
        if (p->slow)
            a->behind += *ledger_cell(&a->ledger, p->n, sender) != said[sender];
        else
            (void)ledger_close(&a->ledger, p->n, sender, said[sender]);
    }
    close_chats(a, p->n);
}

uint64_t account_wrong(const struct account *a)
{
    return a->ledger.missing + a->ledger.late + a->ledger.again + a->echoes + a->leaks + a->bad +
           a->behind + a->chats.again + a->chats.misdirected + a->chats.lost;
}
