#include "app/exercise.h"

#include "base/when.h"
#include "edge/claims.h"
#include "edge/incident_json.h"

#include <stdio.h>
#include <stdlib.h>

static bool add(struct script *s, struct script_item item, struct str payload, struct err *e)
{
    char *bytes = malloc(payload.len + 1);

    if (!bytes || s->count == SCRIPT_ITEMS) {
        free(bytes);
        return err_set(e, ERR_FULL, "an exercise has at most %d events", SCRIPT_ITEMS);
    }
    if (payload.len)
        memcpy(bytes, payload.at, payload.len);
    item.payload = str_of(bytes, payload.len);
    item.order = s->count;
    s->items[s->count++] = item;
    return true;
}

/* ---- the evening ------------------------------------------------------ */

static bool read_command(struct script *s, struct json_value line, struct script_item *item, struct err *e)
{
    char *memory = malloc(INCIDENT_PAYLOAD_MAX);
    struct buf b = buf_over(memory, INCIDENT_PAYLOAD_MAX);
    bool ok;

    MUST(memory);
    item->kind = incident_kind_of(json_as_text(json_get(line, "kind")));
    ok = (item->kind != INC_NONE || err_set(e, ERR_INPUT, "kind: there is no kind of event \"%.*s\"",
                                            STR_ARG(json_as_text(json_get(line, "kind"))))) &&
         incident_from_json(item->kind, json_get(line, "fields"), &b, e);
    if (ok) {
        incident_put(&b, IN_ACTOR, json_as_text(json_get(line, "actor")));
        ok = add(s, *item, buf_str(&b), e);
    }
    free(memory);
    return ok;
}

static bool read_line(struct script *s, struct str text, struct err *e)
{
    struct script_item item = {0};
    struct json *j;
    struct json_value root;
    bool ok;

    if (!json_read(text, &j, e))
        return false;
    root = json_root(j);
    ok = claims_time(json_as_text(json_get(root, "at")), &item.at_ms) ||
         err_set(e, ERR_INPUT, "at: a time with its offset, please");
    (void)str_copy(item.phone, sizeof item.phone, json_as_text(json_get(root, "phone")));
    (void)str_copy(item.refused, sizeof item.refused, json_as_text(json_get(root, "refused")));
    item.lat = json_as_number(json_get(root, "lat"));
    item.lon = json_as_number(json_get(root, "lon"));
    if (ok)
        ok = item.phone[0] ? add(s, item, (struct str){0}, e) : read_command(s, root, &item, e);
    json_drop(j);
    return ok;
}

static bool read_evening(struct script *s, struct str text, struct err *e)
{
    for (size_t line = 1; text.len; line++) {
        size_t end = str_find_byte(text, '\n');

        if (end && !read_line(s, str_cut(text, 0, end), e))
            return err_in(e, "evening: line %zu", line);
        text = str_from_at(text, end < text.len ? end + 1 : end);
    }
    return true;
}

/* ---- the claims ------------------------------------------------------- */

struct taking {
    struct script *s;
    struct err *e;
};

static bool take_claim(void *ctx, const struct claims_row *row, const struct incident_command *c, struct err *e)
{
    struct taking *t = ctx;

    return add(t->s, (struct script_item){.at_ms = row->recorded_ms, .kind = c->kind}, c->payload, e);
}

static void say_claim(void *ctx, size_t line, enum claims_word word, const char *text)
{
    (void)ctx;
    if (word == CLAIMS_SKIPPED)
        (void)fprintf(stderr, "cordon exercise: claims: line %zu: %s\n", line, text);
}

static bool read_claims(struct script *s, struct str text, struct err *e)
{
    struct claims_options o = {.until_ms = INT64_MAX, .strict = true};
    struct taking t = {s, e};
    struct claims_to to = {&t, take_claim, say_claim};
    struct claims *c;
    bool ok;

    if (!claims_new(&o, &c, e))
        return false;
    ok = claims_read(c, text, &to, e) || err_in(e, "claims");
    claims_free(c);
    return ok;
}

static int by_time(const void *a, const void *b)
{
    const struct script_item *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

bool script_time(const char *text, int64_t *ms)
{
    return claims_time(str_from(text), ms);
}

bool script_read(struct script *s, struct str evening, struct str claims, struct err *e)
{
    *s = (struct script){.items = calloc(SCRIPT_ITEMS, sizeof *s->items)};
    if (!s->items)
        return err_set(e, ERR_WORLD, "there is no memory for the exercise's script");
    if (!read_claims(s, claims, e) || !read_evening(s, evening, e)) {
        script_free(s);
        return false;
    }
    qsort(s->items, s->count, sizeof *s->items, by_time);
    return true;
}

void script_free(struct script *s)
{
    for (size_t i = 0; i < s->count; i++) {
        union {
            const char *at;
            char *free;
        } bytes = {s->items[i].payload.at};

        free(bytes.free);
    }
    free(s->items);
    *s = (struct script){0};
}
