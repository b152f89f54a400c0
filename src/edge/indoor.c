#include "edge/indoor_inner.h"

#include "edge/osm.h"

#include <stdio.h>
#include <stdlib.h>

enum { LINE_MAX_BYTES = 200 /* of a name; the record takes 256 */ };

/* Helpers ----------------------------------------------------------------- */

bool indoor_step(struct indoor *in, const struct plan_feature *f, uint64_t steps)
{
    in->steps += steps;
    if (in->steps <= INDOOR_STEPS)
        return true;
    return err_set(in->e, ERR_FULL, "%.*s: there are too many outlines, corners and doors to compare; import the "
                                    "plan in parts",
                   STR_ARG(f->id));
}

/* Control characters become blanks; a long one is cut between two characters. */
bool indoor_line_of(struct indoor *in, const struct plan_feature *f, struct str text, struct str *out)
{
    char line[LINE_MAX_BYTES + 1];

    if (!str_copy(line, sizeof line, str_trim(text)))
        indoor_remark(in, f, "a name of %zu bytes was cut to %zu", text.len, strlen(line));
    for (size_t i = 0; line[i]; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
    return plan_keep(&in->plan, str_trim(str_from(line)), out, in->e);
}

bool indoor_line(struct indoor *in, const struct plan_feature *f, const char *tag, struct str *out)
{
    return indoor_line_of(in, f, plan_get(&in->plan, f, tag), out);
}

static bool id_fits(struct str id, size_t room)
{
    for (size_t i = 0; i < id.len; i++)
        if ((unsigned char)id.at[i] < 0x20 || id.at[i] == 0x7f || id.at[i] == '|')
            return false;
    return id.len > 0 && id.len <= room && str_trim(id).len == id.len;
}

bool indoor_id(struct indoor *in, struct str level, struct str feature, struct str *out)
{
    char text[INCIDENT_ID_MAX];
    struct buf b = buf_over(text, sizeof text);
    bool fits = id_fits(feature, sizeof text - in->ask->structure.len - level.len - 2);

    buf_fmt(&b, "%.*s/%.*s/", STR_ARG(in->ask->structure), STR_ARG(level));
    if (fits)
        buf_put(&b, feature);
    else /* of an id that the incident does not take, what tells it from others */
        buf_fmt(&b, "%016llx%016llx", (unsigned long long)hash_str((struct hash_key){1, 1}, feature),
                (unsigned long long)hash_str((struct hash_key){2, 2}, feature));
    MUST(!b.full);
    return plan_keep(&in->plan, buf_str(&b), out, in->e);
}

/* Reading ----------------------------------------------------------------- */

static bool read_file(struct indoor *in, struct str file)
{
    size_t before = in->plan.feature_count;
    bool xml;

    if (file.len > INDOOR_FILE_MAX)
        return err_set(in->e, ERR_INPUT, "a plan has %d MiB at most", INDOOR_FILE_MAX >> 20);
    if (str_starts(file, STR("\xef\xbb\xbf"))) /* the mark that some editors put in front of UTF-8 */
        file = str_from_at(file, 3);
    xml = in->ask->format == INDOOR_OSM_XML ||
          (in->ask->format == INDOOR_AUTO && str_starts(str_trim(file), STR("<")));
    if (xml)
        return osm_read(&in->plan, file, in->e);
    if (!plan_read_geojson(&in->plan, file, in->e))
        return false;
    for (size_t i = before; i < in->plan.feature_count; i++) {
        const struct plan_feature *f = &in->plan.features[i];

        if (in->ask->format == INDOOR_IMDF && !indoor_is_imdf(&in->plan, f))
            return err_set(in->e, ERR_INPUT, "%.*s: not IMDF: it has no feature_type", STR_ARG(f->id));
        if (in->ask->format == INDOOR_OSM_GEOJSON && indoor_is_imdf(&in->plan, f))
            return err_set(in->e, ERR_INPUT, "%.*s: this is IMDF: it has a feature_type", STR_ARG(f->id));
    }
    return true;
}

static int by_id(const void *a, const void *b, void *plan)
{
    const struct plan *p = plan;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int c = str_cmp(p->features[x].id, p->features[y].id);

    return c ? c : x < y ? -1 : x > y;
}

/* What each feature is; the second of an id is none. */
static bool sort_out(struct indoor *in)
{
    size_t n = in->plan.feature_count;

    in->rules = calloc(n + 1, sizeof *in->rules);
    in->order = calloc(n + 1, sizeof *in->order);
    if (!in->rules || !in->order)
        return err_set(in->e, ERR_WORLD, "no memory for %zu features", n);
    in->report->features = n;
    for (size_t i = 0; i < n; i++) {
        in->rules[i] = indoor_rule_of(&in->plan, &in->plan.features[i]);
        in->order[i] = (uint32_t)i;
    }
    if (n)
        qsort_r(in->order, n, sizeof *in->order, by_id, &in->plan);
    for (size_t i = 0; i < n; i++) {
        struct plan_feature *f = &in->plan.features[in->order[i]];
        struct indoor_rule *r = &in->rules[in->order[i]];

        if (i && str_eq(f->id, in->plan.features[in->order[i - 1]].id)) {
            *r = (struct indoor_rule){.role = ROLE_PASSED, .passed = INDOOR_PASSED_TWICE};
            indoor_remark(in, f, "this id is there twice; the first one is taken");
        }
        if (r->role == ROLE_PASSED)
            indoor_pass(in, r->passed);
        else if (f->id_made_up)
            indoor_remark(in, f, "it has no id and is called by its place in the file: do not import a changed file "
                                 "over it");
    }
    return true;
}

/* Levels ------------------------------------------------------------------ */

static struct indoor_level *level_of(struct indoor *in, int32_t at)
{
    for (size_t i = 0; i < in->level_count; i++)
        if (in->levels[i].at == at)
            return &in->levels[i];
    return NULL;
}

/* Makes a level that is not there yet, in its place from the lowest up. */
static bool need_level(struct indoor *in, const struct plan_feature *f, int32_t at)
{
    const struct entity_info *i = entity_info(ENT_LEVEL);
    size_t j = in->level_count;

    if (level_of(in, at))
        return true;
    if (in->level_count == i->max)
        return err_set(in->e, ERR_FULL, "%.*s: more than %u levels; an incident takes no more", STR_ARG(f->id), i->max);
    for (; j > 0 && in->levels[j - 1].at > at; j--)
        in->levels[j] = in->levels[j - 1];
    in->levels[j] = (struct indoor_level){.at = at};
    in->level_count++;
    return true;
}

static bool need_levels(struct indoor *in, const struct plan_feature *f, const struct levels *l)
{
    if (!indoor_step(in, f, l->n * (in->level_count + 1)))
        return false;
    for (size_t i = 0; i < l->n; i++)
        if (!need_level(in, f, l->at[i]))
            return false;
    return true;
}

/* One tag into *l; false: refused.  What cannot be read is remarked, and *is says so. */
static bool take_levels(struct indoor *in, const struct plan_feature *f, const char *tag, struct str text,
                        struct levels *l, enum levels_are *is)
{
    char level[LEVEL_TEXT];
    int shown = (int)(text.len < 60 ? text.len : 60);

    *is = levels_read(text, l);
    if (*is == LEVELS_BEYOND)
        return err_set(in->e, ERR_INPUT, "%.*s: %s \"%.*s\" goes beyond %d floors up or down, or names more than %d",
                       STR_ARG(f->id), tag, shown, text.at, LEVEL_ORDINAL_MAX, LEVELS_MAX);
    if (*is == LEVELS_UNCLEAR)
        indoor_remark(in, f, "%s \"%.*s\" is not understood", tag, shown, text.at);
    if (*is == LEVELS_MENDED && l->n)
        indoor_remark(in, f, "%s \"%.*s\" is not how it is written; read as %zu levels from %.*s on", tag, shown,
                      text.at, l->n, STR_ARG(level_text(l->at[0], level)));
    return true;
}

/* IMDF: a unit's and an opening's level is a feature. */
static struct str ordinal_of(struct indoor *in, struct str level_id)
{
    size_t from = 0, to = in->plan.feature_count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (str_cmp(in->plan.features[in->order[middle]].id, level_id) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    if (from == in->plan.feature_count || in->rules[in->order[from]].role != ROLE_LEVEL ||
        !str_eq(in->plan.features[in->order[from]].id, level_id))
        return (struct str){0};
    return plan_get(&in->plan, &in->plan.features[in->order[from]], "ordinal");
}

bool indoor_levels_of(struct indoor *in, const struct plan_feature *f, struct levels *l)
{
    bool imdf = indoor_is_imdf(&in->plan, f);
    struct str text = plan_get(&in->plan, f, imdf ? "ordinal" : "level"), again = plan_get(&in->plan, f, "repeat_on");
    enum levels_are is, repeated;

    l->n = 0;
    if (imdf && text.len == 0)
        text = ordinal_of(in, plan_get(&in->plan, f, "level_id"));
    if (!take_levels(in, f, imdf ? "ordinal" : "level", text, l, &is))
        return false;
    if (is == LEVELS_MISSING && in->ask->level_missing.len) {
        is = levels_read(in->ask->level_missing, l);
        indoor_remark(in, f, "it names no level; put on level %.*s, as asked", STR_ARG(in->ask->level_missing));
    }
    if (is == LEVELS_MISSING || is == LEVELS_UNCLEAR) {
        if (is == LEVELS_MISSING)
            indoor_remark(in, f, "it does not say on which level it is");
        indoor_pass(in, is == LEVELS_MISSING ? INDOOR_PASSED_NO_LEVEL : INDOOR_PASSED_BAD_LEVEL);
        return true;
    }
    return again.len == 0 || imdf || take_levels(in, f, "repeat_on", again, l, &repeated);
}

static bool put_level_features(struct indoor *in)
{
    for (size_t i = 0; i < in->plan.feature_count; i++) {
        const struct plan_feature *f = &in->plan.features[in->order[i]];
        struct levels l;

        if (in->rules[in->order[i]].role != ROLE_LEVEL)
            continue;
        if (!indoor_levels_of(in, f, &l) || !need_levels(in, f, &l))
            return false;
        in->report->used += l.n > 0;
    }
    return true;
}

/* Zones ------------------------------------------------------------------- */

/* A point or a line of stairs or a lift that is drawn with its outline on this level, too. */
static bool drawn_already(struct indoor *in, const struct indoor_zone *z)
{
    for (size_t i = 0; i < in->zone_count; i++) {
        if (in->zones[i].at != z->at || strcmp(in->zones[i].kind, z->kind) != 0 ||
            !indoor_near(&in->zones[i], z->middle, 0))
            continue;
        in->steps += indoor_points(in, &in->zones[i]); /* the caller looks at the sum */
        if (indoor_inside(in, &in->zones[i], z->middle))
            return true;
    }
    return false;
}

static bool put_zone(struct indoor *in, const struct indoor_zone *z)
{
    const struct plan_feature *f = &in->plan.features[z->feature];
    const struct entity_info *i = entity_info(ENT_ZONE);
    char text[LEVEL_TEXT];

    if (in->zone_count == i->max)
        return err_set(in->e, ERR_FULL, "%.*s: more than %u zones; an incident takes no more", STR_ARG(f->id), i->max);
    if (!need_level(in, f, z->at))
        return false;
    in->zones[in->zone_count] = *z;
    in->report->without_shape += z->shape.len == 0;
    return indoor_id(in, level_text(z->at, text), f->id, &in->zones[in->zone_count++].id);
}

/* "EG;OG" beside "0;1": what the lift's buttons say. */
static bool label_levels(struct indoor *in, const struct plan_feature *f, const struct levels *l)
{
    struct str rest = plan_get(&in->plan, f, "level:ref");
    size_t labels = rest.len > 0;

    for (size_t i = 0; i < rest.len; i++)
        labels += rest.at[i] == ';';
    for (size_t i = 0; labels == l->n && i < l->n; i++) {
        size_t end = str_find_byte(rest, ';');
        struct indoor_level *level = level_of(in, l->at[i]);
        struct str label;

        if (!indoor_line_of(in, f, str_cut(rest, 0, end), &label))
            return false;
        if (level && level->name.len == 0)
            level->name = label;
        else if (level && label.len && !str_eq(level->name, label))
            indoor_remark(in, f, "it calls its level \"%.*s\", others \"%.*s\"", STR_ARG(label), STR_ARG(level->name));
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    return true;
}

static bool is_vertical(const char *kind)
{
    return strcmp(kind, "stair") == 0 || strcmp(kind, "lift") == 0;
}

/* A zone on each of its levels. */
static bool put_on_levels(struct indoor *in, struct indoor_zone *z, const struct levels *l)
{
    const struct plan_feature *f = &in->plan.features[z->feature];
    const char *word = z->kind;

    for (size_t i = 0; i < l->n; i++) {
        if (!indoor_step(in, f, in->zone_count + in->level_count))
            return false;
        z->at = l->at[i];
        if (!is_vertical(word))
            z->kind = z->at == LEVEL_ROOF ? "roof" : word;
        else if (z->shape.len == 0 && f->rings && drawn_already(in, z))
            continue;
        if (!put_zone(in, z))
            return false;
    }
    return true;
}

static bool put_feature(struct indoor *in, uint32_t feature)
{
    struct plan_feature *f = &in->plan.features[feature];
    struct indoor_zone z = {.feature = feature, .kind = in->rules[feature].word};
    size_t before = in->zone_count, remarks;
    struct levels l;

    if (!indoor_levels_of(in, f, &l))
        return false;
    if (l.n == 0)
        return true;
    remarks = in->report->remarks;
    if (!indoor_shape(in, f, &z) || !put_on_levels(in, &z, &l))
        return false;
    if (in->zone_count == before) {
        in->report->remarks = remarks; /* that it has no outline is of no interest */
        indoor_remark(in, f, "this mark lies in an outline of the same kind, which stands for it");
        indoor_pass(in, INDOOR_PASSED_TWICE);
        return true;
    }
    in->report->used++;
    if (l.n > 1 && !is_vertical(in->rules[feature].word))
        indoor_remark(in, f, "it is on %zu levels: a zone on each, and nothing said about a way between them", l.n);
    return label_levels(in, f, &l);
}

static bool has_outline(const struct plan *p, const struct plan_feature *f)
{
    return f->is == PLAN_AREA ||
           (f->is == PLAN_LINE && f->rings == 1 && shape_is_ring(plan_shape(p, &p->rings[f->ring])));
}

/* Outlines first, so that a mark inside of one is known as that. */
static bool put_zones(struct indoor *in)
{
    for (int outlined = 1; outlined >= 0; outlined--)
        for (size_t i = 0; i < in->plan.feature_count; i++) {
            uint32_t feature = in->order[i];

            if (in->rules[feature].role == ROLE_ZONE &&
                has_outline(&in->plan, &in->plan.features[feature]) == (outlined == 1) && !put_feature(in, feature))
                return false;
        }
    return true;
}

/* The building ------------------------------------------------------------ */

static size_t zones_inside(struct indoor *in, const struct plan_feature *f)
{
    struct indoor_zone outline = {.feature = (uint32_t)(f - in->plan.features)};
    size_t n = 0;

    indoor_set_box(in, &outline);
    for (size_t i = 0; i < in->zone_count; i++) {
        if (!indoor_near(&outline, in->zones[i].middle, 0))
            continue;
        in->steps += indoor_points(in, &outline); /* the caller looks at the sum */
        n += indoor_inside(in, &outline, in->zones[i].middle);
    }
    return n;
}

/* OSM: the building that has the most of the zones inside of it; IMDF: the first. */
static bool choose(struct indoor *in, enum indoor_role role, uint32_t *chosen)
{
    size_t most = 0;

    *chosen = INDOOR_NONE;
    for (size_t i = 0; i < in->plan.feature_count; i++) {
        const struct plan_feature *f = &in->plan.features[in->order[i]];
        size_t inside = 1;

        if (in->rules[in->order[i]].role != role)
            continue;
        if (!indoor_is_imdf(&in->plan, f)) {
            inside = has_outline(&in->plan, f) ? zones_inside(in, f) : 0;
            if (!indoor_step(in, f, in->zone_count))
                return false;
        }
        if (inside > most) {
            most = inside;
            *chosen = in->order[i];
        }
    }
    for (size_t i = 0; i < in->plan.feature_count; i++)
        if (in->rules[i].role == role && i != *chosen)
            indoor_pass(in, INDOOR_PASSED_BUILDING);
    in->report->used += *chosen != INDOOR_NONE;
    return true;
}

/* min_level, max_level, building:levels and non_existent_levels of OSM: levels of which nothing is drawn. */
static bool levels_of_building(struct indoor *in, const struct plan_feature *f)
{
    struct str low = plan_get(&in->plan, f, "min_level"), high = plan_get(&in->plan, f, "max_level");
    struct str storeys = plan_get(&in->plan, f, "building:levels");
    struct str none = plan_get(&in->plan, f, "non_existent_levels");
    struct levels all = {0}, missing = {0};
    char text[128];
    struct buf b = buf_over(text, sizeof text);
    enum levels_are is;
    int64_t n;

    if (low.len + high.len > 100 || storeys.len > 100)
        return err_set(in->e, ERR_INPUT, "%.*s: its lowest or highest level is not understood", STR_ARG(f->id));
    if (high.len)
        buf_fmt(&b, "%.*s-%.*s", STR_ARG(low.len ? low : STR("0")), STR_ARG(high));
    else if (str_to_int(storeys, 1, INT32_MAX, &n))
        buf_fmt(&b, "%.*s-%lld", STR_ARG(low.len ? low : STR("0")), (long long)n - 1);
    if (b.len == 0)
        return true;
    if (!take_levels(in, f, "its range of levels", buf_str(&b), &all, &is) ||
        (none.len && !take_levels(in, f, "non_existent_levels", none, &missing, &is)))
        return false;
    for (size_t i = 0; i < all.n; i++)
        if (!levels_have(&missing, all.at[i]) && !need_level(in, f, all.at[i]))
            return false;
    return true;
}

/* The outline of a building or a site, empty when it has none. */
static bool outline_of(struct indoor *in, uint32_t feature, struct str *shape)
{
    struct indoor_zone outline = {.feature = feature};

    if (in->plan.features[feature].rings == 0)
        return true;
    if (!indoor_shape(in, &in->plan.features[feature], &outline))
        return false;
    *shape = outline.shape;
    return true;
}

static bool name_of(struct indoor *in, uint32_t feature, struct str *name)
{
    return indoor_line(in, &in->plan.features[feature], "name", name);
}

static bool put_building(struct indoor *in)
{
    uint32_t drawn;

    if (!choose(in, ROLE_BUILDING, &in->building) || !choose(in, ROLE_FOOTPRINT, &in->footprint) ||
        !choose(in, ROLE_VENUE, &in->venue))
        return false;
    if (in->building != INDOOR_NONE && (!levels_of_building(in, &in->plan.features[in->building]) ||
                                        !name_of(in, in->building, &in->name)))
        return false;
    if (in->ask->name.len)
        in->name = in->ask->name;
    drawn = in->footprint != INDOOR_NONE ? in->footprint : in->building;
    if (drawn != INDOOR_NONE && !outline_of(in, drawn, &in->building_shape))
        return false;
    if (in->venue == INDOOR_NONE)
        return true;
    if (!name_of(in, in->venue, &in->site_name))
        return false;
    if (in->site_name.len == 0) {
        indoor_remark(in, &in->plan.features[in->venue], "this venue has no name; no site is made of it");
        return true;
    }
    return outline_of(in, in->venue, &in->site_shape) &&
           indoor_id(in, STR("site"), in->plan.features[in->venue].id, &in->site);
}

/* What the features of a level say of it; the rest is called by its ordinal. */
static bool describe_level(struct indoor *in, uint32_t feature)
{
    struct plan_feature *f = &in->plan.features[feature];
    struct indoor_zone outline = {.feature = feature};
    struct levels l = {0};
    struct str name, short_name;

    if (levels_read(plan_get(&in->plan, f, indoor_is_imdf(&in->plan, f) ? "ordinal" : "level"), &l) > LEVELS_MENDED)
        return true;
    if (!indoor_step(in, f, l.n * (in->level_count + 1)) || !label_levels(in, f, &l) ||
        !indoor_line(in, f, "name", &name) ||
        !indoor_line(in, f, "short_name", &short_name))
        return false;
    if (f->rings && !indoor_shape(in, f, &outline))
        return false;
    for (size_t i = 0; i < l.n; i++) {
        struct indoor_level *level = level_of(in, l.at[i]);

        if (level->shape.len && outline.shape.len)
            indoor_remark(in, f, "its level is drawn twice; the first outline is taken");
        else if (outline.shape.len)
            level->shape = outline.shape;
        if (level->name.len == 0)
            level->name = name;
        else if (level->alias.len == 0)
            level->alias = name;
        if (level->alias.len == 0)
            level->alias = short_name;
        if (str_eq(level->alias, level->name))
            level->alias = (struct str){0};
    }
    return true;
}

static bool finish_levels(struct indoor *in)
{
    for (size_t i = 0; i < in->plan.feature_count; i++)
        if (in->rules[in->order[i]].role == ROLE_LEVEL && !describe_level(in, in->order[i]))
            return false;
    for (size_t i = 0; i < in->level_count; i++) {
        struct indoor_level *l = &in->levels[i];
        char text[INCIDENT_ID_MAX], level[LEVEL_TEXT];
        struct buf b = buf_over(text, sizeof text);

        buf_fmt(&b, "%.*s/%.*s", STR_ARG(in->ask->structure), STR_ARG(level_text(l->at, level)));
        if (!plan_keep(&in->plan, buf_str(&b), &l->id, in->e))
            return false;
        b = buf_over(text, sizeof text);
        if (l->at == LEVEL_ROOF)
            buf_put(&b, STR("Roof"));
        else
            buf_fmt(&b, "Level %.*s", STR_ARG(level_text(l->at, level)));
        if (l->name.len == 0 && !plan_keep(&in->plan, buf_str(&b), &l->name, in->e))
            return false;
    }
    return true;
}

/* The commands ------------------------------------------------------------ */

static void put(struct buf *b, enum incident_field f, struct str v)
{
    if (v.len)
        incident_put(b, f, v);
}

/* ctx of the see function stays the caller's; one payload at a time in memory of our own. */
static void hand_out(const struct indoor_to *to, enum incident_kind kind, struct buf *b)
{
    MUST(!b->full);
    to->see(to->ctx, kind, buf_str(b));
    b->len = 0;
}

static void see_structure(struct indoor *in, const struct indoor_to *to, struct buf *b)
{
    if (in->site.len) {
        incident_put(b, IN_SITE, in->site);
        incident_put(b, IN_NAME, in->site_name);
        put(b, IN_SHAPE, in->site_shape);
        hand_out(to, INC_SITE_DEFINED, b);
    }
    incident_put(b, IN_STRUCTURE, in->ask->structure);
    incident_put(b, IN_NAME, in->name.len ? in->name : in->ask->structure);
    incident_put(b, IN_STOREYS, STR("0")); /* no grid: the levels follow */
    put(b, IN_SCHEME, in->ask->scheme);
    put(b, IN_SITE, in->site);
    put(b, IN_SHAPE, in->building_shape);
    hand_out(to, INC_STRUCTURE_DEFINED, b);
}

static void see_levels(struct indoor *in, const struct indoor_to *to, struct buf *b)
{
    for (size_t i = 0; i < in->level_count; i++) {
        const struct indoor_level *l = &in->levels[i];
        char text[LEVEL_TEXT];
        bool roof = l->at == LEVEL_ROOF;
        /* The roof is the floor above the highest that is named. */
        int32_t top = i ? in->levels[i - 1].at : -1000;
        int32_t above = (top >= 0 ? top / 1000 + 1 : -(-top / 1000) + 1) * 1000;

        incident_put(b, IN_LEVEL, l->id);
        incident_put(b, IN_STRUCTURE, in->ask->structure);
        incident_put(b, IN_ORDINAL, level_text(roof ? above : l->at, text));
        incident_put(b, IN_NAME, l->name);
        put(b, IN_ALIAS, l->alias);
        put(b, IN_ROOF, roof ? STR("1") : (struct str){0});
        put(b, IN_SHAPE, l->shape);
        hand_out(to, INC_LEVEL_DEFINED, b);
    }
}

static void see_zones(struct indoor *in, const struct indoor_to *to, struct buf *b)
{
    for (size_t i = 0; i < in->zone_count; i++) {
        const struct indoor_zone *z = &in->zones[i];

        incident_put(b, IN_ZONE, z->id);
        incident_put(b, IN_LEVEL, level_of(in, z->at)->id);
        incident_put(b, IN_NAME, z->name);
        incident_put(b, IN_ZONE_KIND, str_from(z->kind));
        put(b, IN_ALIAS, z->alias);
        put(b, IN_SHAPE, z->shape);
        hand_out(to, INC_ZONE_DEFINED, b);
    }
    for (size_t i = 0; i < in->opening_count; i++) {
        const struct indoor_opening *o = &in->openings[i];

        incident_put(b, IN_OPENING, o->id);
        incident_put(b, IN_ZONES, in->zones[o->zone[0]].id);
        incident_put(b, IN_ZONES, in->zones[o->zone[1]].id);
        incident_put(b, IN_OPENING_KIND, str_from(o->kind));
        incident_put(b, IN_OPENING_STATE, o->state);
        hand_out(to, INC_OPENING_SET, b);
    }
}

/* All of it --------------------------------------------------------------- */

static bool check_ask(const struct indoor_ask *ask, struct err *e)
{
    struct levels l = {0};

    if (!id_fits(ask->structure, INDOOR_STRUCTURE_MAX) || !str_is_utf8(ask->structure))
        return err_set(e, ERR_INPUT, "a structure's id is 1 to %d printable bytes without |", INDOOR_STRUCTURE_MAX);
    if (ask->name.len > INCIDENT_LINE_MAX || !str_is_utf8(ask->name))
        return err_set(e, ERR_INPUT, "a name is one line of %d bytes at most", INCIDENT_LINE_MAX);
    if (ask->scheme.len && word_index(WORDS_SCHEME, ask->scheme) < 0)
        return err_set(e, ERR_INPUT, "a scheme is one of %s", words_of(WORDS_SCHEME));
    if (ask->door_state.len && word_index(WORDS_OPENING_STATE, ask->door_state) < 0)
        return err_set(e, ERR_INPUT, "the state of doors is one of %s", words_of(WORDS_OPENING_STATE));
    if (ask->level_missing.len && (levels_read(ask->level_missing, &l) != LEVELS_READ || l.n != 1))
        return err_set(e, ERR_INPUT, "the level of what names none must be one level, as 0");
    if (ask->file_count == 0)
        return err_set(e, ERR_INPUT, "there is no file to read");
    return true;
}

static bool understand(struct indoor *in)
{
    for (size_t i = 0; i < in->ask->file_count; i++)
        if (!read_file(in, in->ask->files[i]))
            return in->ask->file_count > 1 ? err_in(in->e, "file %zu", i + 1) : false;
    if (!sort_out(in) || !put_level_features(in) || !put_zones(in))
        return false;
    if (in->zone_count == 0 && in->level_count == 0)
        return err_set(in->e, ERR_INPUT, "of %zu features none is a room, a corridor, stairs, a lift or a level on a "
                                         "level that is understood: this is no indoor map",
                       in->plan.feature_count);
    return put_building(in) && finish_levels(in) && indoor_names(in) && indoor_doors(in) && indoor_stairs(in);
}

static size_t alone(const struct indoor *in)
{
    size_t n = 0;

    for (uint32_t i = 0; i < in->zone_count; i++) {
        size_t o = 0;

        while (o < in->opening_count && in->openings[o].zone[0] != i && in->openings[o].zone[1] != i)
            o++;
        n += o == in->opening_count;
    }
    return n;
}

bool indoor_read(const struct indoor_ask *ask, const struct indoor_to *to, struct indoor_report *report, struct err *e)
{
    struct indoor *in = calloc(1, sizeof *in);
    char *payload = malloc(INCIDENT_PAYLOAD_MAX / 2);
    bool ok = false;

    memset(report, 0, sizeof *report);
    if (in)
        *in = (struct indoor){.ask = ask, .report = report, .e = e};
    if (in && payload && check_ask(ask, e)) {
        in->levels = calloc(entity_info(ENT_LEVEL)->max, sizeof *in->levels);
        in->zones = calloc(entity_info(ENT_ZONE)->max, sizeof *in->zones);
        in->openings = calloc(entity_info(ENT_OPENING)->max, sizeof *in->openings);
        in->memory = malloc(sizeof *in->memory);
        plan_init(&in->plan);
        ok = in->levels && in->zones && in->openings && in->memory
                 ? understand(in)
                 : err_set(e, ERR_WORLD, "no memory to read a plan");
        report->levels = in->level_count;
        report->zones = in->zone_count;
        report->openings = in->opening_count;
        report->alone = alone(in);
    } else if (!in || !payload) {
        (void)err_set(e, ERR_WORLD, "no memory to read a plan");
    }
    if (ok) {
        struct buf b = buf_over(payload, INCIDENT_PAYLOAD_MAX / 2);

        if (!ask->exists)
            see_structure(in, to, &b);
        see_levels(in, to, &b);
        see_zones(in, to, &b);
    }
    free(payload);
    if (in) {
        plan_fini(&in->plan);
        free(in->rules);
        free(in->order);
        free(in->levels);
        free(in->zones);
        free(in->openings);
        free(in->memory);
    }
    free(in);
    return ok;
}
