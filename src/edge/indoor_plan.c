#include "edge/indoor_plan.h"

#include <stdlib.h>

struct plan_text {
    struct plan_text *next;
    size_t used, max;
    char at[];
};

void plan_init(struct plan *p)
{
    memset(p, 0, sizeof *p);
}

void plan_fini(struct plan *p)
{
    for (size_t i = 0; i < p->file_count; i++)
        json_drop(p->files[i]);
    while (p->text) {
        struct plan_text *next = p->text->next;

        free(p->text);
        p->text = next;
    }
    free(p->features);
    free(p->tags);
    free(p->rings);
    free(p->points);
    memset(p, 0, sizeof *p);
}

void *plan_room(struct plan_list l, struct err *e)
{
    size_t max = *l.max ? *l.max * 2 : 256;
    void *at;

    if (l.count < *l.max)
        return l.at;
    if (l.count >= l.most) {
        (void)err_set(e, ERR_FULL, "more than %zu %s in one plan; import it in parts", l.most, l.what);
        return NULL;
    }
    at = realloc(l.at, max * l.size);
    if (!at) {
        (void)err_set(e, ERR_WORLD, "no memory for %zu %s", max, l.what);
        return NULL;
    }
    *l.max = max;
    return at;
}

bool plan_feature(struct plan *p, struct str id, struct err *e)
{
    struct plan_list list = {p->features, p->feature_count, &p->feature_max, PLAN_FEATURES, sizeof *p->features,
                             "features"};
    void *at = plan_room(list, e);

    if (!at)
        return false;
    p->features = at;
    p->current = p->feature_count;
    p->features[p->feature_count++] = (struct plan_feature){
        .id = id, .tag = (uint32_t)p->tag_count, .ring = (uint32_t)p->ring_count};
    return true;
}

static struct plan_feature *current(struct plan *p)
{
    MUST(p->current < p->feature_count);
    return &p->features[p->current];
}

void plan_place(struct plan *p, size_t feature)
{
    p->current = feature;
    MUST(current(p)->rings == 0);
    current(p)->ring = (uint32_t)p->ring_count;
}

bool plan_tag(struct plan *p, struct str key, struct str value, struct err *e)
{
    struct plan_list list = {p->tags, p->tag_count, &p->tag_max, PLAN_TAGS, sizeof *p->tags, "tags"};
    void *at = plan_room(list, e);

    if (!at)
        return false;
    p->tags = at;
    p->tags[p->tag_count++] = (struct plan_tag){key, value};
    current(p)->tags++;
    return true;
}

bool plan_ring(struct plan *p, bool hole, struct err *e)
{
    struct plan_list list = {p->rings, p->ring_count, &p->ring_max, PLAN_POINTS, sizeof *p->rings, "lines"};
    void *at = plan_room(list, e);

    if (!at)
        return false;
    p->rings = at;
    p->rings[p->ring_count++] = (struct plan_ring){(uint32_t)p->point_count, 0, hole};
    current(p)->rings++;
    return true;
}

bool plan_point(struct plan *p, struct shape_point point, struct err *e)
{
    struct plan_list list = {p->points, p->point_count, &p->point_max, PLAN_POINTS, sizeof *p->points, "points"};
    void *at = plan_room(list, e);

    if (!at)
        return false;
    MUST(p->ring_count > 0);
    p->points = at;
    p->points[p->point_count++] = point;
    p->rings[p->ring_count - 1].n++;
    return true;
}

bool plan_keep(struct plan *p, struct str text, struct str *out, struct err *e)
{
    struct plan_text *t = p->text;

    *out = (struct str){0};
    if (text.len == 0)
        return true;
    if (!t || t->max - t->used < text.len) {
        size_t max = text.len > PLAN_CHUNK ? text.len : PLAN_CHUNK;

        t = malloc(sizeof *t + max);
        if (!t)
            return err_set(e, ERR_WORLD, "no memory for the texts of the plan");
        t->next = p->text;
        t->used = 0;
        t->max = max;
        p->text = t;
    }
    memcpy(t->at + t->used, text.at, text.len);
    *out = str_of(t->at + t->used, text.len);
    t->used += text.len;
    return true;
}

struct str plan_get(const struct plan *p, const struct plan_feature *f, const char *key)
{
    struct str k = str_from(key);

    for (uint32_t i = 0; i < f->tags; i++)
        if (str_eq(p->tags[f->tag + i].key, k))
            return str_trim(p->tags[f->tag + i].value);
    return (struct str){0};
}

struct shape plan_shape(const struct plan *p, const struct plan_ring *r)
{
    return (struct shape){p->points + r->at, r->n};
}
