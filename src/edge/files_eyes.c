#include "edge/files_eyes.h"

#include "edge/marti.h"

#include <stdlib.h>

enum { DEVICES_MAX = 64 };

struct eyes {
    struct web *w;
    struct files *files;
    const struct client *client;
    int64_t now_ms;
    struct marti_ears ears;
    bool knows_devices; /* looked up when the first private file is met */
    size_t device_count;
    struct {
        char uid[LIMIT_UID + 1], callsign[LIMIT_CALLSIGN + 1];
    } devices[DEVICES_MAX];
};

struct eyes *eyes_open(struct web *w, const struct client *c, int64_t now_ms, struct reply *r)
{
    struct files *f = web_files(w, r);
    struct eyes *y;

    if (!f)
        return NULL;
    y = calloc(1, sizeof *y);
    if (!y) {
        reply_problem(r, 503, "There is not enough memory just now. Try again in a moment.");
        return NULL;
    }
    y->w = w;
    y->files = f;
    y->client = c;
    y->now_ms = now_ms;
    marti_ears(w, c, &y->ears);
    return y;
}

void eyes_close(struct eyes *y)
{
    free(y);
}

/* ---- sent to it --------------------------------------------------------- */

static bool take_device(void *ctx, const struct device *d)
{
    struct eyes *y = ctx;

    if (d->user_id != y->client->user_id)
        return true;
    (void)str_copy(y->devices[y->device_count].uid, LIMIT_UID + 1, d->uid);
    (void)str_copy(y->devices[y->device_count].callsign, LIMIT_CALLSIGN + 1, d->callsign);
    return ++y->device_count < DEVICES_MAX;
}

static void need_devices(struct eyes *y)
{
    struct err e;

    if (y->knows_devices)
        return;
    y->knows_devices = true;
    if (!accounts_devices(y->w->accounts, take_device, y, &e))
        y->device_count = 0; /* then nothing was sent to it that can be known */
}

struct sent_to {
    struct eyes *eyes;
    bool is;
};

static bool hears_one(const struct eyes *y, struct str groups)
{
    struct str line;

    while (files_list_next(&groups, &line))
        if (marti_hears(&y->ears, line))
            return true;
    return false;
}

static bool see_sent(void *ctx, struct str to, struct str groups)
{
    struct sent_to *s = ctx;
    struct str by_name = STR("callsign/");
    bool named = str_starts(to, by_name);

    if (to.len == 0)
        s->is = hears_one(s->eyes, groups);
    for (size_t i = 0; i < s->eyes->device_count && !s->is; i++)
        s->is = named ? str_eq(str_from_at(to, by_name.len), str_from(s->eyes->devices[i].callsign))
                      : str_eq(to, str_from(s->eyes->devices[i].uid));
    return !s->is;
}

static bool was_sent(struct eyes *y, const unsigned char sha256[SHA256_SIZE])
{
    struct sent_to s = {y, false};
    struct err e;

    need_devices(y);
    return files_sent(y->files, sha256, see_sent, &s, &e) && s.is;
}

/* ---- seeing -------------------------------------------------------------- */

static bool is_own(const struct client *c, const struct file *x)
{
    return !x->by_operator && str_eq(x->submitter, str_from(c->name));
}

/* Ways to a file beside its own groups, the cheap ones first. */
typedef bool reach(struct eyes *y, const struct file *x);

static bool by_group(struct eyes *y, const struct file *x)
{
    return !str_eq(x->tool, STR("private")) && hears_one(y, x->groups) &&
           (x->by_operator || marti_shares(&y->ears, x->submitter, SHARE_NOTES));
}

static bool by_being_sent(struct eyes *y, const struct file *x)
{
    return was_sent(y, x->sha256);
}

static bool by_mission(struct eyes *y, const struct file *x)
{
    char hex[SHA256_HEX];
    struct buf hash = buf_over(hex, sizeof hex);

    buf_hex(&hash, x->sha256, SHA256_SIZE);
    return marti_mission_has_file(y->w, y->client, buf_str(&hash));
}

static reach *const reaches[] = {by_group, by_being_sent, by_mission};

bool eyes_see(struct eyes *y, const struct file *x)
{
    if (!y->client->is || y->client->held || x->deleted || (x->expires_ms && x->expires_ms <= y->now_ms))
        return false;
    if (is_own(y->client, x))
        return true;
    for (size_t i = 0; i < COUNTOF(reaches); i++)
        if (reaches[i](y, x))
            return true;
    return false;
}

/* ---- finding -------------------------------------------------------------- */

struct looking {
    struct eyes *eyes;
    struct eyes_found *found;
};

static bool find_one(void *ctx, const struct file *x)
{
    struct looking *f = ctx;
    bool own = is_own(f->eyes->client, x);

    if ((f->found->file.is && !own) || !eyes_see(f->eyes, x))
        return true;
    found_take(&f->found->file, x);
    (void)str_copy(f->found->uid, sizeof f->found->uid, x->uid);
    (void)str_copy(f->found->creator_uid, sizeof f->found->creator_uid, x->creator_uid);
    f->found->own = own;
    return !own;
}

bool eyes_find(struct web *w, const struct request *q, const struct eyes_wanted *wanted, struct reply *r,
               struct eyes_found *found)
{
    struct looking f = {eyes_open(w, &q->client, hub_now().wall_ms, r), found};
    struct err e = {0};
    bool ok;

    *found = (struct eyes_found){0};
    if (!f.eyes)
        return false;
    if (wanted->id)
        ok = files_by_id(f.eyes->files, wanted->id, find_one, &f, &e);
    else if (wanted->uid.len)
        ok = files_by_uid(f.eyes->files, wanted->uid, find_one, &f, &e);
    else
        ok = files_by_hash(f.eyes->files, wanted->sha256, find_one, &f, &e);
    if (!ok)
        reply_err(r, &e);
    eyes_close(f.eyes);
    return ok;
}

struct own_uids {
    const struct client *client;
    struct buf *b;
};

static bool put_own_uid(void *ctx, const struct file *x)
{
    struct own_uids *o = ctx;

    if (!x->deleted && is_own(o->client, x))
        fields_put(o->b, FIELD_UID, x->uid);
    return !o->b->full;
}

void eyes_put_own_uids(struct web *w, const struct client *c, const unsigned char sha256[SHA256_SIZE], struct buf *b)
{
    struct own_uids o = {c, b};
    struct err e;

    /* One that cannot be read stays as it is: a row without uids deletes nothing. */
    if (w->files)
        (void)!files_by_hash(w->files, sha256, put_own_uid, &o, &e);
}

struct own_tools {
    const struct client *client;
    struct str tool;
    bool other;
};

static bool meet_tool(void *ctx, const struct file *x)
{
    struct own_tools *o = ctx;

    o->other = !x->deleted && is_own(o->client, x) && !str_eq(x->tool, o->tool);
    return !o->other;
}

bool eyes_have_tool(struct web *w, const struct client *c, const unsigned char sha256[SHA256_SIZE], struct str tool)
{
    struct own_tools o = {c, tool, false};
    struct err e;

    /* One that cannot be read may have another. */
    return w->files && files_by_hash(w->files, sha256, meet_tool, &o, &e) && !o.other;
}
