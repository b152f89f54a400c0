#include "edge/watch.h"

static struct str keep(struct buf *b, struct str s)
{
    size_t at = b->len;

    buf_put(b, s);
    return b->full ? (struct str){0} : str_of(b->at + at, s.len);
}

/* One unit into memory; false when it does not fit any more. */
static bool copy_unit(struct river *r, uint32_t i, struct watch_unit *out, struct buf *b)
{
    const struct unit *x = &r->units.list[i];
    uint64_t conn = atomic_load_explicit(&r->units.conn[i], memory_order_relaxed);

    if (b->max - b->len < x->uid.len + x->callsign.len + x->latest_len)
        return false;
    *out = (struct watch_unit){
        .id = x->id,
        .kind = (enum unit_kind)x->kind,
        .online = conn != CONN_NONE,
        .conn = conn,
        .conflict = x->conflict,
        .unadmitted = x->unadmitted,
        .v1 = x->form == FORM_PROTO,
        .quiet = x->addressed || x->incognito || x->held || x->doomed,
        .version = x->version,
        .text_version = x->text_version,
        .journal_seq = x->journal_seq,
        .seen_ms = x->seen_ms,
        .time_ms = x->time_ms,
        .stale_ms = x->stale_ms,
        .holder = x->holder,
        .in_set = x->in_set,
        .lat = x->lat,
        .lon = x->lon,
    };
    out->uid = keep(b, x->uid);
    out->callsign = keep(b, x->callsign);
    out->latest = keep(b, x->latest ? str_of(x->latest, x->latest_len) : (struct str){0});
    return true;
}

size_t watch_next(struct hub *h, struct watch *w, struct watch_unit *out, size_t max_units, char *memory,
                  size_t max)
{
    struct buf b = buf_over(memory, max);
    struct river *r = h->river;
    size_t n = 0;

    hub_lock(h);
    if (w->at == 0)
        w->running = r->units.version;
    for (; w->at < r->units.used && n < max_units; w->at++) {
        const struct unit *x = &r->units.list[w->at];

        if (x->kind == UNIT_FREE || x->version <= w->seen)
            continue;
        if (!copy_unit(r, w->at, &out[n], &b))
            break;
        n++;
    }
    if (w->at >= r->units.used && n == 0) {
        w->at = 0;
        w->seen = w->running;
    }
    hub_unlock(h);
    return n;
}

size_t watch_gone(struct hub *h, struct watch *w, uint32_t *out, size_t max, bool *overrun)
{
    struct units *u = &h->river->units;
    size_t n = 0;

    hub_lock(h);
    *overrun = u->gone_count - w->gone_seen > UNIT_GONE_KEPT;
    if (*overrun)
        w->gone_seen = u->gone_count;
    while (w->gone_seen < u->gone_count && n < max)
        out[n++] = u->gone[w->gone_seen++ % UNIT_GONE_KEPT];
    hub_unlock(h);
    return n;
}

bool watch_parse(const struct watch_unit *u, struct buf *values, struct cot *out)
{
    struct framer f = {0};
    struct tak_control control;
    bool has_event = false;
    struct frame frame;
    struct err e;

    if (u->latest.len == 0)
        return false;
    if (!u->v1)
        return cot_from_xml(u->latest, values, out, &e);
    frame = frame_next(&f, u->latest, LIMIT_EVENT_IN);
    return frame.is == FRAME_PROTO && tak_decode(frame.body, values, out, &has_event, &control, &e) && has_event;
}
