#include "world.h"

uint32_t mark_in(struct str bytes)
{
    static const struct str mark = {"<_sim id=\"", 10};
    size_t at = str_find(bytes, mark);
    uint32_t id = 0;

    for (at += mark.len; at < bytes.len && bytes.at[at] >= '0' && bytes.at[at] <= '9'; at++)
        id = id * 10 + (uint32_t)(bytes.at[at] - '0');
    return id;
}

int64_t phone_user(struct str name)
{
    int64_t id = 0;

    MUST(str_to_int(str_from_at(name, 1), 0, PHONES_MAX, &id));
    return id + 1;
}

/* ---------------------------------------------------------------- begin -- */

void phones_begin(struct world *w)
{
    w->phone_count = 4 + (int)chance(w, 20);
    for (int i = 0; i < w->phone_count; i++) {
        struct phone *p = &w->phones[i];

        p->id = i;
        p->conn = -1;
        p->relay = once_in(w, 4);
        p->regroups = once_in(w, 5);
        p->wants_v1 = once_in(w, 2);
        p->in = (uint8_t)(1 + chance(w, (1 << GROUPS) - 1));
        p->out = once_in(w, 8) ? 0 : (uint8_t)(1 + chance(w, (1 << GROUPS) - 1));
        p->callsign = i;
        p->online_ms = (int64_t)chance(w, 3000);
    }
}

static const char *groups_text(uint8_t mask, char *text)
{
    size_t n = 0;

    for (int g = 0; g < GROUPS; g++)
        if (mask >> g & 1) {
            text[n++] = (char)('A' + g);
            text[n++] = ',';
        }
    text[n ? n - 1 : 0] = 0;
    return text;
}

/* ------------------------------------------------------------ connection - */

static void connect_phone(struct world *w, struct phone *p)
{
    char name[8], in[16], out[16], uid[8];
    struct sim_device *d;

    (void)snprintf(name, sizeof name, "u%d", p->id);
    (void)snprintf(uid, sizeof uid, "P%d", p->id);
    p->since_row = w->sv->row_count;
    p->conn = sim_join(
        w->sv, (struct sim_who){p->id + 1, name, groups_text(p->in, in), groups_text(p->out, out), p->relay});
    p->was_out = p->out;
    p->asked = p->v1 = p->hears_v1 = false;
    p->online_ms = w->sv->now.mono_ms;
    p->blocked_ms = p->online_ms;
    p->stall_until_ms = 0;
    d = sim_device(w->sv, str_from(uid));
    p->acked_at_join = d ? d->acked : 0;
    p->act_ms = w->sv->now.mono_ms + chance(w, 500);
    memset(p->last, 0, sizeof p->last);
    p->up.len = p->up.unit_count = p->down.len = p->down.unit_count = 0;
    for (uint32_t i = 1; i <= w->said_count; i++)
        w->said[i].gathered &= ~(1u << p->id);
}

/* The connection breaks; a server that does not know yet still holds it for a while. */
void phone_cut(struct world *w, struct phone *p, bool server_knows)
{
    if (p->conn < 0)
        return;
    if (server_knows)
        sim_leave(w->sv, p->conn);
    p->conn = -1;
    p->online_ms = w->sv->now.mono_ms + (once_in(w, 3) ? 0 : chance(w, 4000));
    w->cuts++;
}

/* ------------------------------------------------------------ what is said */

static struct said *say_mark(struct world *w, struct phone *p, enum said_kind kind, int unit, uint32_t *id)
{
    struct said *s;

    if (w->said_count + 1 == SAID_MAX)
        return NULL;
    *id = ++w->said_count;
    s = &w->said[*id];
    *s = (struct said){.kind = (uint8_t)kind, .phone = (uint8_t)p->id, .unit = (uint8_t)unit, .order = ++p->order};
    return s;
}

static void put_up(struct world *w, struct phone *p, struct str xml, uint32_t id)
{
    struct buf b = buf_over(p->up.bytes + p->up.len, PIPE_MAX - p->up.len);

    if (p->up.unit_count == FLIGHT_MAX || b.max < xml.len + 1024) {
        if (id)
            w->said[id].fed = false; /* it never leaves the phone */
        return;
    }
    if (p->v1 || (once_in(w, 20) && !p->asked))
        (void)phone_as_proto(xml, &b);
    else
        buf_put(&b, xml);
    MUST(!b.full);
    p->up.len += b.len;
    p->up.unit[p->up.unit_count].end = p->up.len;
    p->up.unit[p->up.unit_count++].id = id;
}

const char *unit_uid(int phone, int unit, char *text)
{
    if (unit == 0)
        (void)sprintf(text, "P%d", phone);
    else if (unit == 1)
        (void)sprintf(text, "P%d-9-1-1", phone);
    else
        (void)sprintf(text, "%c%d-%d", unit < 5 ? 'T' : 'M', phone, unit);
    return text;
}

static void say(struct world *w, struct phone *p, enum said_kind kind, int unit, const char *type, const char *detail)
{
    char memory[8192], uid[64], dest[64] = "";
    struct buf b = buf_over(memory, sizeof memory);
    struct phone_event ev = {.type = type, .uid = uid, .time_ms = w->sv->now.wall_ms};
    uint32_t id;
    struct said *s = say_mark(w, p, kind, unit, &id);

    if (!s)
        return;
    ev.lat = 48 + chance(w, 1000) / 1000.0;
    ev.lon = 11 + chance(w, 1000) / 1000.0;
    ev.how = kind == SAID_MARKER ? "h-e" : "m-g";
    ev.stale_ms = ev.time_ms + (kind == SAID_MARKER && once_in(w, 3) ? 5000 : 600000);
    (void)unit_uid(p->id, unit, uid);
    if (kind == SAID_DELETE || kind == SAID_PASS || kind == SAID_CHAT)
        (void)sprintf(uid, "x%u", id);
    if ((kind == SAID_TRACK || kind == SAID_PASS) && once_in(w, 10)) {
        int g = (int)chance(w, GROUPS);

        (void)sprintf(dest, "<marti><dest group=\"%c\"/></marti>", 'A' + g);
        s->to = 1u << (31 - g); /* narrows the audience when it is fed */
    }
    put_up(w, p, phone_write(&b, &ev, "<_sim id=\"%u\"/>%s%s", id, detail, dest), id);
}

static void say_report(struct world *w, struct phone *p)
{
    char detail[256];

    if (once_in(w, 30))
        p->callsign = p->id + PHONES_MAX * (int)chance(w, 3);
    (void)sprintf(
        detail,
        "<contact callsign=\"R%d\" endpoint=\"*:-1:stcp\"/><__group name=\"Cyan\" role=\"HQ\"/>",
        p->callsign);
    say(w, p, SAID_REPORT, 0, "a-f-G-U-C", detail);
}

static void say_delete(struct world *w, struct phone *p, int unit)
{
    char detail[128], uid[32];

    (void)sprintf(detail, "<link uid=\"%s\" type=\"a-u-G\" relation=\"none\"/>", unit_uid(p->id, unit, uid));
    say(w, p, SAID_DELETE, unit, "t-x-d-d", detail);
    p->unit_is[unit] = false;
}

static void say_thing(struct world *w, struct phone *p)
{
    int unit = 2 + (int)chance(w, UNITS_EACH - 2);

    if (p->unit_is[unit] && once_in(w, 4)) {
        say_delete(w, p, unit);
        if (once_in(w, 2))
            return; /* else it is there again at once */
    }
    if (unit < 5)
        say(w, p, SAID_TRACK, unit, "a-n-A-C-F", "<track speed=\"1.0\" course=\"2.0\"/>");
    else
        say(w, p, SAID_MARKER, unit, "b-m-p-s-m", "<contact callsign=\"spot\"/>");
    p->unit_is[unit] = true;
}

static void say_chat(struct world *w, struct phone *p)
{
    char detail[512];
    int to = (int)chance(w, (uint32_t)w->phone_count);

    switch (chance(w, 4)) {
    case 0: /* to one, by uid */
        (void)sprintf(detail,
                      "<__chat id=\"P%d\" chatroom=\"R%d\" senderCallsign=\"R%d\" "
                      "messageId=\"m%u\"><chatgrp id=\"P%d\" "
                      "uid0=\"P%d\" uid1=\"P%d\"/></__chat><remarks>to you</remarks>",
                      to, to, p->callsign, w->said_count + 1, to, p->id, to);
        break;
    case 1: /* to one, by callsign */
        (void)sprintf(detail,
                      "<__chat id=\"room\" chatroom=\"R%d\" senderCallsign=\"R%d\" "
                      "messageId=\"m%u\"><chatgrp id=\"room\" "
                      "uid0=\"P%d\"/></__chat><marti><dest callsign=\"R%d\"/></marti>",
                      to, p->callsign, w->said_count + 1, p->id, w->phones[to].callsign);
        break;
    case 2: /* to some */
        (void)sprintf(detail,
                      "<__chat id=\"room\" chatroom=\"room\" senderCallsign=\"R%d\" "
                      "messageId=\"m%u\"><chatgrp id=\"room\" "
                      "uid0=\"P%d\" uid1=\"P%d\" uid2=\"P%d\"/></__chat>",
                      p->callsign, w->said_count + 1, p->id, to, (to + 1) % w->phone_count);
        break;
    default:
        (void)sprintf(detail, "<__chat id=\"All Chat Rooms\" chatroom=\"All Chat Rooms\" senderCallsign=\"R%d\" "
                              "messageId=\"m%u\"><chatgrp id=\"All Chat Rooms\" uid0=\"P%d\"/></__chat>",
                      p->callsign, w->said_count + 1, p->id);
    }
    say(w, p, SAID_CHAT, 0, "b-t-f", detail);
}

static void say_alert(struct world *w, struct phone *p)
{
    char detail[256];

    p->alert_open = !p->alert_open;
    (void)sprintf(detail, "<link uid=\"P%d\" type=\"a-f-G-U-C\" relation=\"p-p\"/><emergency %s>R%d</emergency>", p->id,
                  p->alert_open ? "type=\"911 Alert\"" : "cancel=\"true\"", p->callsign);
    say(w, p, p->alert_open ? SAID_ALERT : SAID_CANCEL, 1, p->alert_open ? "b-a-o-tbl" : "b-a-o-can", detail);
}

/* What is no event, or nobody's. */
static void say_junk(struct world *w, struct phone *p)
{
    static const char *const junk[] = {"\n \n", "junk", "<event uid=\"a\"></event>", "<?xml version=\"1.0\"?>",
                                       "<event><detail></event>", "<auth><cot username=\"u\"/></auth>", "<x>&bad;</x>"};
    struct str bytes = str_from(junk[chance(w, COUNTOF(junk))]);

    if (p->v1 || PIPE_MAX - p->up.len < bytes.len)
        return;
    memcpy(p->up.bytes + p->up.len, bytes.at, bytes.len);
    p->up.len += bytes.len;
}

static void say_control(struct world *w, struct phone *p, const char *type, const char *detail)
{
    char memory[1024];
    struct buf b = buf_over(memory, sizeof memory);
    struct phone_event ev = {.type = type, .uid = "control", .time_ms = w->sv->now.wall_ms};

    put_up(w, p, phone_write(&b, &ev, "%s", detail), 0);
}

static void act(struct world *w, struct phone *p)
{
    uint32_t what = chance(w, 100);

    if (p->asked && !p->v1)
        return; /* it waits for the response and says nothing */
    if (!p->bound_once || what < 25) {
        say_report(w, p);
        p->bound_once = true;
    } else if (what < 60) {
        say_thing(w, p);
    } else if (what < 80) {
        say_chat(w, p);
    } else if (what < 85) {
        say_alert(w, p);
    } else if (what < 90) {
        say_control(w, p, "t-x-c-t", "");
    } else if (what < 94) {
        say_junk(w, p);
    } else {
        say(w, p, SAID_PASS, 0, "t-x-m-c", "<mission/>");
    }
}

static void regroup(struct world *w, struct phone *p)
{
    char in[16], out[16];

    p->in = (uint8_t)chance(w, 1 << GROUPS);
    p->out = (uint8_t)chance(w, 1 << GROUPS);
    p->was_out |= p->out;
    session_regroup(&w->sv->conns[p->conn].s, &w->sv->river, sim_set(w->sv, groups_text(p->in, in), true),
                    sim_set(w->sv, groups_text(p->out, out), false));
}

/* -------------------------------------------------------------- the way -- */

/* The server took everything up to here: whose groups those are now, counts. */
static void mark_fed(struct world *w, struct phone *p, size_t upto)
{
    size_t n = 0;

    for (; n < p->up.unit_count && p->up.unit[n].end <= upto; n++) {
        struct said *s = &w->said[p->up.unit[n].id];

        if (p->up.unit[n].id == 0)
            continue;
        s->fed = true;
        s->fed_ms = w->sv->now.mono_ms;
        s->audience = p->in;
        if (s->kind != SAID_CHAT && s->to) {
            s->audience = p->in & (uint8_t)(1u << (31 - (uint32_t)__builtin_ctz(s->to)));
            s->to = 0;
        }
        if ((s->kind == SAID_ALERT || s->kind == SAID_CANCEL) && w->alert_count < ALERTS_MAX)
            w->alerts[w->alert_count++] = p->up.unit[n].id;
    }
    memmove(p->up.unit, p->up.unit + n, (p->up.unit_count - n) * sizeof *p->up.unit);
    p->up.unit_count -= n;
    for (size_t i = 0; i < p->up.unit_count; i++)
        p->up.unit[i].end -= upto;
}

static void move_up(struct world *w, struct phone *p)
{
    size_t n = p->up.len;

    if (n == 0)
        return;
    if (!w->quiet)
        n = 1 + chance(w, (uint32_t)(once_in(w, 3) ? n : n < 64 ? n : 64));
    CHECK(w, sim_say(w->sv, p->conn, str_of(p->up.bytes, n)), "phone %d was closed: %s", p->id, w->sv->refused);
    memmove(p->up.bytes, p->up.bytes + n, p->up.len - n);
    p->up.len -= n;
    mark_fed(w, p, n);
}

static void gather(struct world *w, struct phone *p)
{
    static char room[SIM_OUT];
    static char whole[SIM_OUT];
    struct session *s = &w->sv->conns[p->conn].s;

    if (p->down.len > 0) {
        p->blocked_ms = w->sv->now.mono_ms; /* the last write is not finished */
        return;
    }
    for (int i = 0; i < 8; i++) {
        bool missed = s->extra.len > 0;
        struct buf out = buf_over(room, sizeof room), all = buf_over(whole, sizeof whole);
        struct runs runs = {0};
        bool in_runs = once_in(w, 2);
        enum gather g = in_runs ? session_gather_runs(s, &w->sv->river, &w->sv->world, &out, &runs, w->sv->now)
                                : session_gather(s, &w->sv->river, &w->sv->world, &out, w->sv->now);

        CHECK(w, !out.full && w->sv->locked == 0, "a gather overflowed");
        if (g == GATHER_LAPPED) {
            phone_cut(w, p, true);
            return;
        }
        if (in_runs)
            for (size_t k = 0; k < runs.count; k++)
                buf_put(&all, runs.item[k]);
        else
            buf_put(&all, buf_str(&out));
        CHECK(w, !all.full && (!in_runs || session_runs_hold(&w->sv->river, &runs)), "runs do not hold");
        check_given(w, p, buf_str(&all), missed);
        MUST(all.len <= PIPE_MAX - p->down.len);
        memcpy(p->down.bytes + p->down.len, all.at, all.len);
        p->down.len += all.len;
        if (g == GATHER_DONE && s->extra.len == 0)
            w->sv->conns[p->conn].must_sent = s->must_seen;
        if (g == GATHER_DONE || p->down.len > PIPE_MAX / 2)
            return;
    }
}

static void hear(struct world *w, struct phone *p, uint32_t id)
{
    struct said *s = &w->said[id];

    if (id == 0)
        return;
    if (s->kind == SAID_CHAT && s->received >> p->id & 1)
        CHECK(w, p->acked_at_join < s->row, "phone %d hears chat %u again although it had acknowledged it", p->id, id);
    s->received |= 1u << p->id;
}

static void move_down(struct world *w, struct phone *p)
{
    size_t n = p->down.len, k = 0;

    if (n == 0 || (w->sv->now.mono_ms < p->stall_until_ms && !w->quiet))
        return;
    if (!w->quiet && once_in(w, 3))
        n = 1 + chance(w, (uint32_t)n);
    for (; k < p->down.unit_count && p->down.unit[k].end <= n; k++)
        hear(w, p, p->down.unit[k].id);
    memmove(p->down.unit, p->down.unit + k, (p->down.unit_count - k) * sizeof *p->down.unit);
    p->down.unit_count -= k;
    for (size_t i = 0; i < p->down.unit_count; i++)
        p->down.unit[i].end -= n;
    memmove(p->down.bytes, p->down.bytes + n, p->down.len - n);
    p->down.len -= n;
    if (p->asked && !p->v1 && p->hears_v1 && p->down.len == 0)
        p->v1 = true; /* it has read the response */
}

/* What edge/conn.c does every few seconds: all that was sent has arrived. */
static void tell_acked(struct world *w, struct phone *p)
{
    struct sim_conn *x = &w->sv->conns[p->conn];
    struct sim_ask a = {.is = SIM_ASK_ACKED, .handle = session_handle(&x->s), .ticket = x->must_sent};
    char text[64], uid[8];
    struct buf b = buf_over(text, sizeof text);
    struct unit *u;

    (void)snprintf(uid, sizeof uid, "P%d", p->id);
    u = units_find(&w->sv->river.units, str_from(uid));
    if (x->missed_unasked && u &&
        atomic_load(&w->sv->river.units.conn[units_index(&w->sv->river.units, u)]) == session_handle(&x->s))
        sim_ask_missed(w->sv, &x->s, u->uid, u->callsign);
    if (!u || atomic_load(&w->sv->river.units.conn[units_index(&w->sv->river.units, u)]) != session_handle(&x->s) ||
        x->must_sent <= x->must_acked || !x->missed_done || x->s.extra.len || p->down.len)
        return;
    fields_put(&b, FIELD_UID, str_from(uid));
    if (sim_ask(w->sv, a, buf_str(&b)))
        x->must_acked = x->must_sent;
}

static void phone_step(struct world *w, struct phone *p)
{
    int64_t now = w->sv->now.mono_ms;

    if (p->conn < 0) {
        if (now >= p->online_ms)
            connect_phone(w, p);
        return;
    }
    if (!w->quiet && now >= p->act_ms) {
        p->act_ms = now + chance(w, 400);
        act(w, p);
    }
    if (w->quiet && !w->silent && now >= p->act_ms && !(p->asked && !p->v1)) {
        p->act_ms = now + 2000;
        say_report(w, p);
    }
    if (!w->quiet && p->wants_v1 && !p->asked && once_in(w, 60)) {
        say_control(w, p, "t-x-takp-q", "<TakControl><TakRequest version=\"1\"/></TakControl>");
        p->asked = true;
    }
    if (!w->quiet && p->regroups && once_in(w, 200))
        regroup(w, p);
    if (!w->quiet && once_in(w, 300))
        p->stall_until_ms = now + chance(w, 6000);
    move_up(w, p);
    gather(w, p);
    if (p->conn < 0)
        return;
    move_down(w, p);
    if (now >= p->tick_ms) {
        p->tick_ms = now + 3000;
        tell_acked(w, p);
    }
    if (!w->quiet && once_in(w, 400))
        phone_cut(w, p, true);
}

void phones_step(struct world *w)
{
    int first = (int)chance(w, (uint32_t)w->phone_count);

    for (int i = 0; i < w->phone_count; i++)
        phone_step(w, &w->phones[(first + i) % w->phone_count]);
}
