#include "core/nine_lines.h"

#include "core/incident_geo.h"
#include "wire/xml.h"

static const char *const titles[] = {
    "",         "Place",   "Radio",       "Patients by precedence", "Equipment", "Patients by type",
    "Security", "Marking", "Nationality", "Obstacles and terrain",  "Remarks",
};

enum { LINE_REMARKS = 10 };

static const char security[] = "no enemy,possible enemy,enemy in the area,enemy in the area: armed escort needed";
static const char marking[] = "panels,pyrotechnics,smoke,none,other";

/* FLAG: "true" shows the label; TEXT: label and value; CHOICE: the value counts words of `choices`. */
static const struct part {
    int line;
    const char *name, *label;
    enum { PART_FLAG, PART_TEXT, PART_CHOICE } is;
    const char *choices;
} parts[] = {
    {1, "zone_protected_coord", "grid", PART_TEXT, NULL},
    {2, "freq", "frequency", PART_TEXT, NULL},
    {3, "urgent", "urgent", PART_TEXT, NULL},
    {3, "priority", "priority", PART_TEXT, NULL},
    {3, "routine", "routine", PART_TEXT, NULL},
    {4, "equipment_none", "none", PART_FLAG, NULL},
    {4, "hoist", "hoist", PART_FLAG, NULL},
    {4, "extraction_equipment", "extraction", PART_FLAG, NULL},
    {4, "ventilator", "ventilator", PART_FLAG, NULL},
    {4, "equipment_other", "other", PART_FLAG, NULL},
    {4, "equipment_detail", "detail", PART_TEXT, NULL},
    {5, "litter", "litter", PART_TEXT, NULL},
    {5, "ambulatory", "ambulatory", PART_TEXT, NULL},
    {6, "security", "", PART_CHOICE, security},
    {7, "hlz_marking", "", PART_CHOICE, marking},
    {7, "hlz_other", "other", PART_TEXT, NULL},
    {7, "marked_by", "marked by", PART_TEXT, NULL},
    {8, "us_military", "own military", PART_TEXT, NULL},
    {8, "us_civilian", "own civilian", PART_TEXT, NULL},
    {8, "nonus_military", "other military", PART_TEXT, NULL},
    {8, "nonus_civilian", "other civilian", PART_TEXT, NULL},
    {8, "epw", "prisoners", PART_TEXT, NULL},
    {8, "child", "children", PART_TEXT, NULL},
    {9, "terrain_none", "none", PART_FLAG, NULL},
    {9, "terrain_slope", "slope", PART_FLAG, NULL},
    {9, "terrain_slope_dir", "slope to", PART_TEXT, NULL},
    {9, "terrain_rough", "rough", PART_FLAG, NULL},
    {9, "terrain_loose", "loose", PART_FLAG, NULL},
    {9, "terrain_other", "other", PART_FLAG, NULL},
    {9, "terrain_other_detail", "detail", PART_TEXT, NULL},
    {9, "obstacles", "obstacles", PART_TEXT, NULL},
    {9, "winds_are_from", "wind from", PART_TEXT, NULL},
    {LINE_REMARKS, "friendlies", "own forces", PART_TEXT, NULL},
    {LINE_REMARKS, "enemy", "threat", PART_TEXT, NULL},
    {LINE_REMARKS, "hlz_remarks", "landing zone", PART_TEXT, NULL},
    {LINE_REMARKS, "medline_remarks", "", PART_TEXT, NULL},
};

struct writing {
    const struct cot *c;
    struct str callsign;
    struct xml *x;
    struct buf *out, *scratch;
    struct str title;
    bool medevac;
    int line, on_line;
};

static void begin_line(struct writing *w, int line)
{
    w->line = line;
    w->on_line = 0;
    if (line == LINE_REMARKS)
        return; /* only when there are any */
    buf_fmt(w->out, "%s%d %s: ", line == 1 ? "" : "\n", line, titles[line]);
}

static void put_item(struct writing *w, const char *label, struct str value)
{
    if (w->line == LINE_REMARKS && w->on_line == 0)
        buf_fmt(w->out, "\n%s: ", titles[LINE_REMARKS]);
    buf_put(w->out, w->on_line++ ? STR(", ") : STR(""));
    buf_put(w->out, str_from(label));
    buf_put(w->out, label[0] && value.len ? STR(" ") : STR(""));
    buf_put(w->out, value);
}

/* The n-th word of "a,b,c". */
static struct str choice(const char *list, struct str number)
{
    struct str rest = str_from(list);
    int64_t n;

    if (!str_to_int(number, 0, 9, &n))
        return number;
    for (; n > 0 && rest.len; n--) {
        size_t comma = str_find_byte(rest, ',');

        rest = comma < rest.len ? str_from_at(rest, comma + 1) : (struct str){0};
    }
    return rest.len ? str_cut(rest, 0, str_find_byte(rest, ',')) : number;
}

static struct str attribute(struct writing *w, const char *name)
{
    const struct xml_attr *a = w->medevac ? xml_attr(w->x, str_from(name)) : NULL;

    if (!a || w->scratch->max - w->scratch->len < a->value.len)
        return (struct str){0};
    return str_trim(xml_value(a, w->scratch));
}

static void put_part(struct writing *w, const struct part *p)
{
    struct str value = attribute(w, p->name);

    if (value.len == 0)
        return;
    if (p->is == PART_CHOICE)
        put_item(w, p->label, choice(p->choices, value));
    else if (p->is == PART_TEXT)
        put_item(w, p->label, value);
    else if (str_eq(value, STR("true")))
        put_item(w, p->label, (struct str){0});
}

static void put_place(struct writing *w)
{
    double lat = w->c->lat.value, lon = w->c->lon.value;

    if (!w->c->has_point || !(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180) || (lat == 0 && lon == 0))
        return;
    geo_put_point(w->out, (struct geo_point){lat, lon});
    w->on_line++;
}

/* All nine, in their order, from the attributes at hand. */
static void put_lines(struct writing *w)
{
    for (int line = 1; line <= LINE_REMARKS; line++) {
        begin_line(w, line);
        if (line == 1)
            put_place(w);
        if (line == 2 && w->callsign.len)
            put_item(w, "callsign", w->callsign);
        for (size_t i = 0; i < COUNTOF(parts); i++)
            if (parts[i].line == line)
                put_part(w, &parts[i]);
        if (line < LINE_REMARKS && w->on_line == 0)
            put_item(w, "not said", (struct str){0});
    }
}

static void put_mist(struct writing *w)
{
    static const struct { const char *name, *label; } mist[] = {
        {"title", ""}, {"z", "Z"}, {"m", "M"}, {"i", "I"}, {"s", "S"}, {"t", "T"}};

    buf_put(w->out, STR("\nMIST: "));
    w->line = w->on_line = 0;
    for (size_t i = 0; i < COUNTOF(mist); i++) {
        struct str v = attribute(w, mist[i].name);

        if (v.len)
            put_item(w, mist[i].label, v);
    }
}

static void put_remarks(struct writing *w)
{
    struct str words = {0};

    if (xml_next(w->x) == XML_TEXT)
        words = str_trim(w->x->text);
    if (words.len == 0)
        return;
    buf_put(w->out, STR("\nRemarks: "));
    xml_put_text(w->out, words);
}

struct nine_lines nine_lines_read(const struct cot *c, struct str callsign, struct buf *out, struct buf *scratch)
{
    XML_ON_STACK(x);
    struct writing w = {.c = c, .callsign = callsign, .x = &x, .out = out, .scratch = scratch};
    struct str remarks_at = {0};
    enum xml_is is;
    struct err e;

    xml_over(&x, c->detail, 2, &e);
    while ((is = xml_next(&x)) != XML_END && is != XML_BAD) {
        if (is != XML_OPEN)
            continue;
        if (xml_same(x.name, STR("_medevac_")) && !w.medevac) {
            w.medevac = true;
            w.title = attribute(&w, "title");
            put_lines(&w);
        } else if (w.medevac && xml_same(x.name, STR("zMist"))) {
            put_mist(&w);
        } else if (xml_same(x.name, STR("remarks")) && !x.empty && !remarks_at.at) {
            remarks_at = str_of(x.at, (size_t)(x.end - x.at));
        }
    }
    if (!w.medevac)
        put_lines(&w);
    if (remarks_at.at) {
        xml_over(&x, remarks_at, 3, &e);
        put_remarks(&w);
    }
    return (struct nine_lines){w.title.len ? w.title : STR("CASEVAC"), buf_str(out)};
}
