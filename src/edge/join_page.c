#include "edge/join_page.h"

/* A sentence in both languages. */
struct both {
    const char *en, *ur;
};

static const struct both
    title = {"Join", "شامل ہوں"},
    compare = {"Compare these three words with your sheet, or with what the command post reads out. If they differ, "
               "close this page. That your browser did not know this server is expected.",
               "یہ تین الفاظ اپنے پرچے سے، یا کمانڈ پوسٹ کے بتائے ہوئے الفاظ سے ملائیں۔ "
               "مختلف ہوں تو یہ صفحہ بند کر دیں۔ "
               "براؤزر کا اس سرور کو نہ پہچاننا متوقع ہے۔"},
    once = {"This invite is good for one device.", "یہ دعوت ایک آلے کے لیے ہے۔"},
    untried = {"Not tested on a real phone yet. If a way does not work, take another one and tell the command post.",
               "ابھی اصل فون پر آزمایا نہیں گیا۔ ایک طریقہ نہ چلے تو دوسرا آزمائیں اور کمانڈ پوسٹ کو بتائیں۔"},
    other_ways = {"Other ways", "دوسرے طریقے"},
    name_is = {"Name", "نام"},
    token_is = {"Token (as the password)", "ٹوکن (پاس ورڈ کی جگہ)"},
    fetch_key = {"Get the package for this device", "اس آلے کا پیکج لیں"},
    fetch_enrol = {"Get the package without a key", "کلید کے بغیر پیکج لیں"},
    tap = {"Open in ATAK", "ATAK میں کھولیں"},
    refused_title = {"This invite is not good", "یہ دعوت درست نہیں"},
    refused = {"It was used, has expired, was ended, or the link is not whole. Ask the command post for a new one.",
               "یہ استعمال ہو چکی، پرانی ہو گئی، ختم کر دی گئی، یا لنک ادھورا ہے۔ کمانڈ پوسٹ سے نئی دعوت لیں۔"};

enum what { WHAT_TEXT, WHAT_KEY, WHAT_ENROL, WHAT_NAME, WHAT_TAP, WHAT_LINE, WHAT_ADMIT };

/* The steps; `other`: of the ways that are not the first one. */
static const struct step {
    enum package_for client;
    bool other;
    enum what what;
    struct both text;
} steps[] = {
    {PACKAGE_ATAK, false, WHAT_KEY,
     {"Tap the button: it makes a key for this phone, and one file is downloaded. Give it to nobody.",
      "بٹن دبائیں: اس فون کی کلید بنے گی اور ایک فائل اُترے گی۔ یہ کسی کو نہ دیں۔"}},
    {PACKAGE_ATAK, false, WHAT_TEXT,
     {"Open the file with ATAK. (Or in ATAK: menu, Import, Local SD, the folder Download.)",
      "فائل ATAK سے کھولیں۔ (یا ATAK میں: مینو، Import، Local SD، فولڈر Download۔)"}},
    {PACKAGE_ATAK, false, WHAT_ADMIT,
     {"The server's sign in ATAK turns green: your position is on the command post's map.",
      "ATAK میں سرور کا نشان سبز ہو جائے گا: آپ کا مقام کمانڈ پوسٹ کے نقشے پر ہے۔"}},
    {PACKAGE_ATAK, true, WHAT_ENROL,
     {"The phone makes its own key: open this package with ATAK and give name and token when it asks.",
      "فون خود کلید بنائے: یہ پیکج ATAK سے کھولیں، اور پوچھنے پر نام اور ٹوکن دیں۔"}},
    {PACKAGE_ATAK, true, WHAT_NAME, {NULL, NULL}},
    {PACKAGE_ATAK, true, WHAT_TAP,
     {"One tap, but only where Android trusts this server's certificate by itself (one of a public authority). "
      "With Cordon's own authority ATAK refuses it: take the package.",
      "ایک ٹیپ، مگر صرف جہاں اینڈرائڈ خود اس سرور کے سرٹیفکیٹ پر بھروسا کرتا ہو (عوامی ادارے کا)۔ "
      "کورڈن کے اپنے سرٹیفکیٹ پر ATAK انکار کرے گا: پیکج لیں۔"}},
    {PACKAGE_ITAK, false, WHAT_KEY,
     {"Tap the button: it makes a key for this phone, and one file is downloaded. Give it to nobody.",
      "بٹن دبائیں: اس فون کی کلید بنے گی اور ایک فائل اُترے گی۔ یہ کسی کو نہ دیں۔"}},
    {PACKAGE_ITAK, false, WHAT_TEXT,
     {"In iTAK: Settings, Network, Servers, +, Upload server package; choose the file.",
      "iTAK میں: Settings، Network، Servers، +، Upload server package؛ فائل چنیں۔"}},
    {PACKAGE_ITAK, false, WHAT_ADMIT,
     {"The server is shown as connected: your position is on the command post's map.",
      "سرور جڑا ہوا دکھائی دے گا: آپ کا مقام کمانڈ پوسٹ کے نقشے پر ہے۔"}},
    {PACKAGE_ITAK, true, WHAT_LINE,
     {"Scan the code for iTAK at the command post (it says the line below) and give name and token. iTAK may refuse a "
      "server whose certificate iOS does not know: take the package then.",
      "کمانڈ پوسٹ پر iTAK کا کوڈ اسکین کریں (اس میں نیچے کی سطر ہے) اور نام اور ٹوکن دیں۔ "
      "iOS سرٹیفکیٹ نہ پہچانے تو iTAK انکار کر سکتا ہے: تب پیکج لیں۔"}},
    {PACKAGE_ITAK, true, WHAT_NAME, {NULL, NULL}},
    {PACKAGE_WINTAK, false, WHAT_KEY,
     {"Press the button: it makes a key for this computer, and one file is downloaded. Give it to nobody.",
      "بٹن دبائیں: اس کمپیوٹر کی کلید بنے گی اور ایک فائل اُترے گی۔ یہ کسی کو نہ دیں۔"}},
    {PACKAGE_WINTAK, false, WHAT_TEXT,
     {"Drag the file onto WinTAK's map (or Import, and choose it).",
      "فائل WinTAK کے نقشے پر کھینچیں (یا Import میں چنیں)۔"}},
    {PACKAGE_WINTAK, false, WHAT_ADMIT,
     {"The server is shown as connected: your position is on the command post's map.",
      "سرور جڑا ہوا دکھائی دے گا: آپ کا مقام کمانڈ پوسٹ کے نقشے پر ہے۔"}},
    {PACKAGE_WINTAK, true, WHAT_ENROL,
     {"The computer makes its own key: import this package and give name and token when WinTAK asks.",
      "کمپیوٹر خود کلید بنائے: یہ پیکج Import کریں، اور پوچھنے پر نام اور ٹوکن دیں۔"}},
    {PACKAGE_WINTAK, true, WHAT_NAME, {NULL, NULL}},
};

static const struct both waits = {
    "You see the others as soon as the command post has admitted you; your position and an emergency are heard before "
    "that.",
    "کمانڈ پوسٹ کے اجازت دیتے ہی آپ کو دوسرے نظر آئیں گے؛ آپ کا مقام اور ہنگامی پیغام اس سے پہلے بھی سنا جاتا ہے۔"};

static const struct {
    const char *name, *where;
} clients[PACKAGE_COUNT] = {
    [PACKAGE_ATAK] = {"ATAK", "Android"},
    [PACKAGE_ITAK] = {"iTAK", "iPhone, iPad"},
    [PACKAGE_WINTAK] = {"WinTAK", "Windows"},
};

enum package_for join_page_likely(struct str agent)
{
    static const struct {
        const char *word;
        enum package_for client;
    } rows[] = {{"Windows", PACKAGE_WINTAK}, {"iPhone", PACKAGE_ITAK}, {"iPad", PACKAGE_ITAK}};

    for (size_t i = 0; i < COUNTOF(rows); i++)
        if (str_find(agent, str_from(rows[i].word)) < agent.len)
            return rows[i].client;
    return PACKAGE_ATAK;
}

/* ---- pieces ---------------------------------------------------------------- */

static void put(struct buf *b, const char *html)
{
    buf_put(b, str_from(html));
}

static void put_both(struct buf *b, const char *tag, const struct both *text)
{
    buf_fmt(b, "<%s>%s</%s><%s lang=\"ur\" dir=\"rtl\">%s</%s>\n", tag, text->en, tag, tag, text->ur, tag);
}

static void put_button(struct buf *b, const struct both *text)
{
    buf_fmt(b, "%s <span lang=\"ur\" dir=\"rtl\">%s</span>", text->en, text->ur);
}

static void put_head(struct buf *b, struct str name)
{
    put(b, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
           "<meta name=\"robots\" content=\"noindex\">\n"
           /* A form's Origin is told only to this server, and needs that. */
           "<meta name=\"referrer\" content=\"same-origin\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
           "<link rel=\"stylesheet\" href=\"/join.css\">\n<title>");
    buf_xml(b, name);
    put(b, "</title>\n</head>\n<body>\n<main>\n");
}

static void put_foot(struct buf *b)
{
    put(b, "</main>\n</body>\n</html>\n");
}

static void put_left(struct buf *b, int64_t left_ms)
{
    int64_t minutes = left_ms / 60000 + 1;
    const char *en = minutes > 120 ? "hours" : "minutes", *ur = minutes > 120 ? "گھنٹے" : "منٹ";
    long long n = (long long)(minutes > 120 ? minutes / 60 : minutes);

    buf_fmt(b, "<p>Good for %lld %s more.</p><p lang=\"ur\" dir=\"rtl\">مزید %lld %s کارآمد۔</p>\n", n, en, n, ur);
}

static void put_value(struct buf *b, const struct both *name, struct str value)
{
    buf_fmt(b, "<dt>%s <span lang=\"ur\" dir=\"rtl\">%s</span></dt><dd>", name->en, name->ur);
    buf_xml(b, value);
    put(b, "</dd>\n");
}

static void put_path(struct buf *b, const struct join_page *p, enum package_for client)
{
    buf_fmt(b, "/join/%.*s/package-%s.zip", STR_ARG(p->token), package_word(client));
}

static void put_link(struct buf *b, const struct join_page *p)
{
    char link[512];
    struct buf l = buf_over(link, sizeof link);

    package_enrol_link(p->package, p->token, &l);
    put(b, "<p><a class=\"plain\" href=\"");
    buf_xml(b, buf_str(&l));
    put(b, "\">");
    put_button(b, &tap);
    put(b, "</a></p>\n");
    b->full |= l.full;
}

static void put_line(struct buf *b, const struct join_page *p)
{
    char line[512];
    struct buf l = buf_over(line, sizeof line);

    package_itak_line(p->package, &l);
    put(b, "<p class=\"line\">");
    buf_xml(b, buf_str(&l));
    put(b, "</p>\n");
    b->full |= l.full;
}

static void put_step(struct buf *b, const struct join_page *p, const struct step *s)
{
    put(b, s->text.en ? "<li>" : "<li class=\"more\">");
    if (s->text.en)
        put_both(b, "p", &s->text);
    switch (s->what) {
    case WHAT_KEY:
        put(b, "<form method=\"post\" action=\"");
        put_path(b, p, s->client);
        put(b, "\"><button type=\"submit\">");
        put_button(b, &fetch_key);
        put(b, "</button></form>\n");
        break;
    case WHAT_ENROL:
        put(b, "<p><a class=\"plain\" href=\"");
        put_path(b, p, s->client);
        put(b, "\">");
        put_button(b, &fetch_enrol);
        put(b, "</a></p>\n");
        break;
    case WHAT_NAME:
        put(b, "<dl>\n");
        put_value(b, &name_is, p->package->user);
        put_value(b, &token_is, p->token);
        put(b, "</dl>\n");
        break;
    case WHAT_TAP: put_link(b, p); break;
    case WHAT_LINE: put_line(b, p); break;
    case WHAT_ADMIT:
        if (p->waits)
            put_both(b, "p", &waits);
        break;
    case WHAT_TEXT: break;
    }
    put(b, "</li>\n");
}

static void put_steps(struct buf *b, const struct join_page *p, enum package_for client, bool other)
{
    for (size_t i = 0; i < COUNTOF(steps); i++)
        if (steps[i].client == client && steps[i].other == other)
            put_step(b, p, &steps[i]);
}

static void put_client(struct buf *b, const struct join_page *p, enum package_for client)
{
    buf_fmt(b, "<details name=\"client\"%s>\n<summary><h2>%s</h2> %s</summary>\n<ol>\n",
            client == p->likely ? " open" : "", clients[client].name, clients[client].where);
    put_steps(b, p, client, false);
    put(b, "</ol>\n");
    if (p->enrols) {
        put(b, "<details class=\"other\">\n<summary>");
        put_button(b, &other_ways);
        put(b, "</summary>\n<ul>\n");
        put_steps(b, p, client, true);
        put(b, "</ul>\n</details>\n");
    }
    put(b, "</details>\n");
}

/* ---- pages ------------------------------------------------------------------ */

void join_page(const struct join_page *p, struct buf *b)
{
    put_head(b, p->package->server);
    buf_fmt(b, "<h1>%s <bdi>", title.en);
    buf_xml(b, p->package->server);
    buf_fmt(b, "</bdi> <span lang=\"ur\" dir=\"rtl\">%s</span></h1>\n<section class=\"check\">\n<p class=\"words\">",
            title.ur);
    buf_xml(b, p->words);
    put(b, "</p>\n");
    put_both(b, "p", &compare);
    put(b, "</section>\n<section class=\"facts\">\n");
    put_left(b, p->left_ms);
    if (p->uses_left == 1)
        put_both(b, "p", &once);
    put(b, "</section>\n");
    put_client(b, p, p->likely);
    for (enum package_for client = PACKAGE_ATAK; client < PACKAGE_COUNT; client++)
        if (client != p->likely)
            put_client(b, p, client);
    put(b, "<footer>\n");
    put_both(b, "p", &untried);
    put(b, "</footer>\n");
    put_foot(b);
}

void join_page_refusal(struct buf *b)
{
    put_head(b, str_from(refused_title.en));
    put_both(b, "h1", &refused_title);
    put_both(b, "p", &refused);
    put_foot(b);
}

void join_page_problem(struct str sentence, struct buf *b)
{
    put_head(b, str_from(title.en));
    put(b, "<h1>");
    buf_xml(b, sentence);
    put(b, "</h1>\n");
    put_foot(b);
}

struct str join_page_style(void)
{
    return STR(
        ":root{color-scheme:light dark;--ink:#12181d;--dim:#3d4851;--ground:#eceff1;--card:#fff;--line:#b3bac1;"
        "--do:#0a58b8;--on:#fff}\n"
        "@media (prefers-color-scheme:dark){:root{--ink:#e6ebf0;--dim:#a9b4bf;--ground:#0e1216;--card:#1c232a;"
        "--line:#44515e;--do:#63b3ff;--on:#0e1216}}\n"
        "@font-face{font-family:'Cordon Naskh';src:url(/join.woff2) format('woff2');font-weight:100 900;"
        "unicode-range:U+0600-06FF,U+0750-077F,U+FB50-FDFF,U+FE70-FEFF;font-display:swap}\n"
        "*{box-sizing:border-box}\n"
        "body{margin:0;background:var(--ground);color:var(--ink);font:17px/1.45 system-ui,sans-serif}\n"
        "main{max-width:40rem;margin:0 auto;padding:1rem}\n"
        "h1{font-size:1.5rem;margin:.5rem 0 1rem}h2{display:inline;font-size:1.15rem}\n"
        "[lang=ur]{font-family:'Noto Naskh Arabic','Cordon Naskh',system-ui,serif;line-height:1.8;color:var(--dim)}\n"
        "span[lang=ur]{unicode-bidi:isolate}\n"
        "p{margin:.35rem 0}\n"
        ".check,details,.facts{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.75rem "
        "1rem;margin:0 0 1rem}\n"
        ".words{font-size:1.6rem;font-weight:700;letter-spacing:.02em}\n"
        "summary{cursor:pointer;min-height:44px;display:flex;gap:.5rem;align-items:center;color:var(--dim)}\n"
        "summary h2{color:var(--ink)}\n"
        "ol,ul{padding-inline-start:1.4rem;margin:.5rem 0}li{margin:0 0 .9rem}.more{list-style:none}\n"
        "button,.plain{display:block;width:100%;min-height:48px;padding:.6rem 1rem;border-radius:.4rem;font:inherit;"
        "font-weight:600;text-align:center;text-decoration:none;cursor:pointer}\n"
        "button{border:0;background:var(--do);color:var(--on)}button [lang=ur]{color:inherit}\n"
        ".plain{border:1px solid var(--line);color:var(--do)}.plain [lang=ur]{color:inherit}\n"
        ".other{border:0;padding:0;margin:0}\n"
        "dl{margin:0}dt{color:var(--dim);font-size:.9rem}\n"
        "dd,.line{margin:0 0 .5rem;font-family:ui-monospace,monospace;font-size:1.1rem;overflow-wrap:anywhere;"
        "user-select:all}\n"
        ":focus-visible{outline:3px solid var(--do);outline-offset:2px}\n"
        "footer{color:var(--dim);font-size:.9rem}\n");
}
