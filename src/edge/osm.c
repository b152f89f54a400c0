#include "edge/osm.h"

#include "wire/cot.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>

struct osm_node {
    int64_t id;
    struct shape_point at;
};

struct osm_ref {
    int64_t id; /* of a node in a way, of a way in a relation */
    bool inner;
};

enum { NO_FEATURE = UINT32_MAX };

/* A way or a relation. */
struct osm_line {
    int64_t id;
    size_t ref, refs;
    uint32_t feature;
    bool relation, multipolygon;
};

struct reading {
    struct plan *p;
    struct err *e;
    XML_Parser xml;
    struct osm_node *nodes;
    struct osm_ref *refs, *joined;
    struct osm_line *lines;
    size_t node_count, node_max, ref_count, ref_max, line_count, line_max, joined_count, joined_max;
    size_t depth, steps; /* how deep it stands; references that relations followed */
    /* the element that is open */
    enum { NOTHING, NODE, WAY, RELATION } open;
    bool deleted, failed;
    int64_t id;
    uint32_t feature;
};

static void stop(struct reading *r)
{
    r->failed = true;
    (void)XML_StopParser(r->xml, XML_FALSE);
}

static struct str attribute(const XML_Char **a, const char *name)
{
    for (size_t i = 0; a[i]; i += 2)
        if (strcmp(a[i], name) == 0)
            return str_from(a[i + 1]);
    return (struct str){0};
}

static bool put_node(struct reading *r, const XML_Char **a)
{
    struct shape_point place = {cot_number(attribute(a, "lat")), cot_number(attribute(a, "lon"))};
    struct plan_list list = {r->nodes, r->node_count, &r->node_max, PLAN_POINTS, sizeof *r->nodes, "nodes"};
    void *at = plan_room(list, r->e);

    if (!at)
        return false;
    r->nodes = at;
    r->nodes[r->node_count++] = (struct osm_node){r->id, place};
    return true;
}

static bool put_line(struct reading *r, bool relation)
{
    struct plan_list list = {r->lines, r->line_count, &r->line_max, PLAN_FEATURES * 4, sizeof *r->lines, "ways"};
    void *at = plan_room(list, r->e);

    if (!at)
        return false;
    r->lines = at;
    r->lines[r->line_count++] = (struct osm_line){
        .id = r->id, .ref = r->ref_count, .feature = NO_FEATURE, .relation = relation};
    return true;
}

static bool put_ref(struct reading *r, int64_t id, bool inner)
{
    struct plan_list list = {r->refs, r->ref_count, &r->ref_max, PLAN_POINTS * 2, sizeof *r->refs, "references"};
    void *at = plan_room(list, r->e);

    if (!at)
        return false;
    r->refs = at;
    r->refs[r->ref_count++] = (struct osm_ref){id, inner};
    r->lines[r->line_count - 1].refs++;
    return true;
}

static bool open_element(struct reading *r, int what, const XML_Char **a)
{
    struct str id = attribute(a, "id");

    r->open = what == NODE ? NODE : what == WAY ? WAY : RELATION;
    r->deleted = str_eq(attribute(a, "action"), STR("delete")) || str_eq(attribute(a, "visible"), STR("false"));
    r->feature = NO_FEATURE;
    if (!str_to_int(id, INT64_MIN / 2, INT64_MAX / 2, &r->id))
        return err_set(r->e, ERR_INPUT, "line %lu: the id \"%.40s\" is not a number",
                       (unsigned long)XML_GetCurrentLineNumber(r->xml), id.len ? id.at : "");
    if (r->deleted)
        return true;
    return what == NODE ? put_node(r, a) : put_line(r, what == RELATION);
}

/* The first tag makes a feature of what is open. */
static bool put_feature(struct reading *r)
{
    static const char *const words[] = {[NODE] = "node", [WAY] = "way", [RELATION] = "relation"};
    char text[40];
    int n = snprintf(text, sizeof text, "%s/%lld", words[r->open], (long long)r->id);
    struct str id;

    if (!plan_keep(r->p, str_of(text, (size_t)n), &id, r->e) || !plan_feature(r->p, id, r->e))
        return false;
    r->feature = (uint32_t)r->p->current;
    if (r->open != NODE) {
        r->lines[r->line_count - 1].feature = r->feature;
        return true;
    }
    r->p->features[r->feature].is = PLAN_POINT;
    if (shape_point_is(r->nodes[r->node_count - 1].at))
        return plan_ring(r->p, false, r->e) && plan_point(r->p, r->nodes[r->node_count - 1].at, r->e);
    r->p->features[r->feature].fault = PLAN_BAD_COORDINATES;
    return true;
}

static bool put_tag(struct reading *r, const XML_Char **a)
{
    struct str k = attribute(a, "k"), v = attribute(a, "v"), key, value;

    if (r->open == RELATION && str_eq(k, STR("type")) && str_eq(v, STR("multipolygon")))
        r->lines[r->line_count - 1].multipolygon = true;
    if (r->feature == NO_FEATURE && !put_feature(r))
        return false;
    return plan_keep(r->p, k, &key, r->e) && plan_keep(r->p, v, &value, r->e) &&
           plan_tag(r->p, key, value, r->e);
}

static bool put_part(struct reading *r, const char *name, const XML_Char **a)
{
    int64_t id;

    if (strcmp(name, "tag") == 0)
        return put_tag(r, a);
    if (r->open == WAY && strcmp(name, "nd") == 0)
        return str_to_int(attribute(a, "ref"), INT64_MIN / 2, INT64_MAX / 2, &id) ? put_ref(r, id, false) : true;
    if (r->open == RELATION && strcmp(name, "member") == 0 && str_eq(attribute(a, "type"), STR("way")) &&
        str_to_int(attribute(a, "ref"), INT64_MIN / 2, INT64_MAX / 2, &id))
        return put_ref(r, id, str_eq(attribute(a, "role"), STR("inner")));
    return true;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **a)
{
    struct reading *r = user;
    size_t count = 0;
    bool ok = true;

    if (r->failed)
        return;
    while (a[count])
        count += 2;
    if (++r->depth > OSM_DEPTH)
        ok = err_set(r->e, ERR_INPUT, "elements are nested deeper than %d", OSM_DEPTH);
    else if (count / 2 > OSM_ATTRIBUTES)
        ok = err_set(r->e, ERR_INPUT, "<%.40s> has more than %d attributes", name, OSM_ATTRIBUTES);
    else if (r->depth == 1 && strcmp(name, "osm") != 0)
        ok = err_set(r->e, ERR_INPUT, "this is XML, but not a file of OpenStreetMap: it begins with <%.40s>", name);
    else if (r->depth == 2 && strcmp(name, "node") == 0)
        ok = open_element(r, NODE, a);
    else if (r->depth == 2 && strcmp(name, "way") == 0)
        ok = open_element(r, WAY, a);
    else if (r->depth == 2 && strcmp(name, "relation") == 0)
        ok = open_element(r, RELATION, a);
    else if (r->depth == 3 && r->open != NOTHING && !r->deleted)
        ok = put_part(r, name, a);
    if (!ok)
        stop(r);
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct reading *r = user;

    (void)name;
    r->depth--;
    if (r->depth == 1)
        r->open = NOTHING;
}

static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                               int internal)
{
    struct reading *r = user;

    (void)name, (void)system_id, (void)public_id, (void)internal;
    (void)err_set(r->e, ERR_INPUT, "a file of OpenStreetMap has no DOCTYPE; this one is not read");
    stop(r);
}

static int by_node_id(const void *a, const void *b)
{
    const struct osm_node *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static int by_line_id(const void *a, const void *b)
{
    const struct osm_line *x = a, *y = b;

    return x->relation != y->relation ? x->relation - y->relation : x->id < y->id ? -1 : x->id > y->id;
}

static bool put_nodes(struct reading *r, const struct osm_ref *refs, size_t n, struct plan_feature *f)
{
    for (size_t i = 0; i < n; i++) {
        struct osm_node key = {.id = refs[i].id}, *node = NULL;

        if (r->node_count)
            node = bsearch(&key, r->nodes, r->node_count, sizeof key, by_node_id);
        if (!node)
            f->fault = PLAN_BAD_GEOMETRY;
        else if (!shape_point_is(node->at))
            f->fault = PLAN_BAD_COORDINATES;
        else if (!plan_point(r->p, node->at, r->e))
            return false;
    }
    return true;
}

static bool join_ref(struct reading *r, struct osm_ref ref)
{
    struct plan_list list = {r->joined, r->joined_count, &r->joined_max, PLAN_POINTS * 2, sizeof *r->joined,
                             "references"};
    void *at = plan_room(list, r->e);

    if (!at)
        return false;
    r->joined = at;
    /* A way can stand in every relation: without a bound a small file would ask for years. */
    if (++r->steps > PLAN_POINTS)
        return err_set(r->e, ERR_FULL, "the relations of this file name more than %d points", PLAN_POINTS);
    r->joined[r->joined_count++] = ref;
    return true;
}

static bool append_way(struct reading *r, const struct osm_line *way, bool backwards)
{
    for (size_t i = r->joined_count ? 1 : 0; i < way->refs; i++)
        if (!join_ref(r, r->refs[way->ref + (backwards ? way->refs - 1 - i : i)]))
            return false;
    return true;
}

/* A way that goes on from where the joined ones end; taken out of the list. */
static const struct osm_line *take_next(struct reading *r, const struct osm_line **ways, size_t n, bool *backwards)
{
    for (size_t i = 0; i < n; i++) {
        const struct osm_line *way = ways[i];
        int64_t end = r->joined[r->joined_count - 1].id;

        if (!way || way->refs < 2)
            continue;
        *backwards = r->refs[way->ref + way->refs - 1].id == end;
        if (!*backwards && r->refs[way->ref].id != end)
            continue;
        ways[i] = NULL;
        return way;
    }
    return NULL;
}

/* Rings of a multipolygon's members of one role, joined where one ends and another begins. */
static bool put_rings(struct reading *r, const struct osm_line **ways, size_t n, bool inner)
{
    struct plan_feature *f = &r->p->features[r->p->current];

    for (size_t i = 0; i < n; i++) {
        const struct osm_line *way = ways[i];
        bool backwards = false;

        if (!way)
            continue;
        ways[i] = NULL;
        for (r->joined_count = 0; way; way = take_next(r, ways, n, &backwards)) {
            if (!append_way(r, way, backwards))
                return false;
            if (r->joined_count == 0 || r->joined[0].id == r->joined[r->joined_count - 1].id)
                break;
        }
        if (r->joined_count < 4 || r->joined[0].id != r->joined[r->joined_count - 1].id)
            f->fault = PLAN_BAD_GEOMETRY;
        if (!plan_ring(r->p, inner, r->e) || !put_nodes(r, r->joined, r->joined_count, f))
            return false;
    }
    return true;
}

static bool put_relation(struct reading *r, const struct osm_line *line)
{
    const struct osm_line *ways[OSM_RELATION_WAYS];
    struct plan_feature *f = &r->p->features[line->feature];

    f->is = line->multipolygon ? PLAN_AREA : PLAN_NOWHERE;
    if (!line->multipolygon)
        return true;
    if (line->refs > OSM_RELATION_WAYS)
        return err_set(r->e, ERR_FULL, "relation/%lld has more than %d members", (long long)line->id,
                       OSM_RELATION_WAYS);
    for (int inner = 0; inner < 2; inner++) {
        for (size_t i = 0; i < line->refs; i++) {
            const struct osm_ref *ref = &r->refs[line->ref + i];
            struct osm_line key = {.id = ref->id};

            ways[i] = ref->inner == (inner == 1) ? bsearch(&key, r->lines, r->line_count, sizeof key, by_line_id)
                                                 : NULL;
            if (ref->inner == (inner == 1) && !ways[i])
                f->fault = PLAN_BAD_GEOMETRY;
        }
        if (!put_rings(r, ways, line->refs, inner == 1))
            return false;
    }
    return true;
}

static bool put_places(struct reading *r)
{
    if (r->node_count)
        qsort(r->nodes, r->node_count, sizeof *r->nodes, by_node_id);
    if (r->line_count)
        qsort(r->lines, r->line_count, sizeof *r->lines, by_line_id);
    for (size_t i = 0; i < r->line_count; i++) {
        const struct osm_line *line = &r->lines[i];

        if (line->feature == NO_FEATURE)
            continue;
        plan_place(r->p, line->feature);
        if (line->relation) {
            if (!put_relation(r, line))
                return false;
            continue;
        }
        r->p->features[line->feature].is = PLAN_LINE;
        if (!plan_ring(r->p, false, r->e) ||
            !put_nodes(r, r->refs + line->ref, line->refs, &r->p->features[line->feature]))
            return false;
    }
    return true;
}

static bool parse(struct reading *r, struct str file)
{
    XML_SetUserData(r->xml, r);
    XML_SetElementHandler(r->xml, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(r->xml, on_doctype);
    if (file.len > INT32_MAX)
        return err_set(r->e, ERR_INPUT, "the file is too large");
    if (XML_Parse(r->xml, file.at ? file.at : "", (int)file.len, XML_TRUE) == XML_STATUS_ERROR && !r->failed)
        return err_set(r->e, ERR_INPUT, "this is not XML: line %lu: %s",
                       (unsigned long)XML_GetCurrentLineNumber(r->xml), XML_ErrorString(XML_GetErrorCode(r->xml)));
    return !r->failed;
}

bool osm_read(struct plan *p, struct str file, struct err *e)
{
    struct reading r = {.p = p, .e = e, .xml = XML_ParserCreate("UTF-8")};
    bool ok;

    if (!r.xml)
        return err_set(e, ERR_WORLD, "no memory to read XML");
    ok = parse(&r, file) && put_places(&r);
    XML_ParserFree(r.xml);
    free(r.nodes);
    free(r.refs);
    free(r.joined);
    free(r.lines);
    return ok;
}
