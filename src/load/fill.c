#include "load/fill.h"

#include "core/record.h"
#include "load/marker.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/secret.h"
#include "store/journal.h"

enum { BATCH = 5000, PHONES = 1000, PAYLOAD = 4096 };

/* One row in ten is a message for everybody, one in fifty a drawing on the map that stays (one of
 * a hundred, again and again), the others are people who come and go. */
static uint16_t row_put(uint64_t i, int64_t at_ms, struct buf *b)
{
    char uid[MARKER_NAME_MAX], callsign[MARKER_NAME_MAX], text[MARKER_EVENT_MAX];
    struct buf event = buf_over(text, sizeof text);
    struct say say = {.mark = {(uint32_t)(i % PHONES), (uint32_t)(i % 999999), true, 0},
                      .wall_ms = at_ms,
                      .to = SAY_ALL};

    marker_uid(uid, (uint32_t)(i % PHONES));
    marker_callsign(callsign, (uint32_t)(i % PHONES));
    fields_put(b, FIELD_USER, STR("load"));
    if (i % 10 != 0 && i % 50 != 1) {
        fields_put(b, FIELD_UID, str_from(uid));
        fields_put(b, FIELD_ADDRESS, STR("127.0.0.1:40000"));
        return i % 2 ? EV_CLIENT_CONNECTED : EV_CLIENT_LEFT;
    }
    say_put(&say, false, &event);
    fields_put(b, FIELD_FROM_UID, str_from(uid));
    if (i % 50 == 1)
        (void)snprintf(uid, sizeof uid, "drawing-%03u", (unsigned)(i / 50 % 100));
    fields_put(b, FIELD_UID, str_from(uid));
    fields_put(b, FIELD_TYPE, i % 50 == 1 ? STR("u-d-f") : STR("b-t-f"));
    fields_put(b, FIELD_CALLSIGN, str_from(callsign));
    fields_put_int(b, FIELD_STALE_MS, at_ms + 86400000);
    fields_put(b, FIELD_GROUP, STR("__ANON__"));
    fields_put(b, FIELD_EVENT_XML, buf_str(&event));
    return i % 50 == 1 ? EV_OBJECT_PUT : EV_CHAT_SAID;
}

static bool batch(struct journal *j, uint64_t from, uint64_t to, struct err *e)
{
    char payload[PAYLOAD];
    /* Older than a day, so that no message still waits for anybody. */
    int64_t at_ms = clock_wall_ms() - (int64_t)172800000;
    uint64_t seq;

    for (uint64_t i = from; i < to; i++) {
        struct buf b = buf_over(payload, sizeof payload);
        uint16_t kind = row_put(i, at_ms, &b);

        MUST(!b.full);
        if (!journal_add(j, kind, at_ms, 0, buf_str(&b), &seq, e))
            return false;
    }
    return journal_commit(j, e);
}

bool fill_run(const struct options *o, struct report *r, struct err *e)
{
    int64_t began_us = clock_us();
    struct journal_opened opened;
    struct journal *j;
    uint64_t rows = (uint64_t)o->rows;
    bool ok = true;

    if (!secret_start(e) || !file_folder(o->data, 0700, e) ||
        !journal_open(o->data, &j, &opened, e))
        return false;
    for (uint64_t i = 0; ok && i < rows; i += BATCH)
        ok = batch(j, i, i + BATCH < rows ? i + BATCH : rows, e);
    if (ok) {
        report_text(r, "result", "filled");
        report_number(r, "rows", (double)rows);
        report_number(r, "seconds", (double)(clock_us() - began_us) / 1e6);
        report_number(r, "mib", (double)journal_stats(j).bytes / 1048576);
    }
    journal_close(j);
    return ok;
}
