#include "app/config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum type { TEXT, NUMBER, LIST };

static const struct key {
    const char *name; /* in the file; the flag has dashes for its underscores */
    enum type type;
    size_t at, size;
    int64_t min, max;
    const char *initial, *what;
} keys[] = {
#define T(field, first, text) \
    {#field, TEXT, offsetof(struct config, field), sizeof(((struct config *)0)->field), 0, 0, first, text}
#define L(field, text) \
    {#field, LIST, offsetof(struct config, field), sizeof(struct config_list), 0, 0, "", text}
#define N(field, first, lo, hi, text) \
    {#field, NUMBER, offsetof(struct config, field), sizeof(int64_t), lo, hi, first, text}
    T(data, "cordon-data", "folder of everything that is kept: record, accounts, certificates, maps"),
    T(config, "", "config file; without it DATA/cordon.conf, when there is one"),
    T(listen, "::", "address of the TLS ports (TAK, web, enrolment); :: is every address"),
    N(tak_tls, "8089", 0, 65535, "port of TAK clients over TLS, with client certificates; 0: off"),
    N(tak_tcp, "0", 0, 65535, "port of TAK clients over plain TCP (8087 is usual); 0: off"),
    T(tak_tcp_listen, "127.0.0.1",
      "address of the plain TCP port: whoever reaches it joins without a certificate, so another address than "
      "loopback is a grant"),
    N(web, "8443", 0, 65535, "port of the browser's page; 0: off"),
    N(enrol, "8446", 0, 65535, "port of enrolment by phones, which have no certificate yet; 0, or no web: off"),
    N(cert_days, "365", 1, 3650, "how long the certificate of a phone that enrols is good, in days"),
    N(cert_days_many, "7", 1, 3650,
      "the same of one that enrols by an invite of many uses; it may enrol again while it is good"),
    T(server_name, "", "name shown in the page and in certificates; without it the host's name"),
    N(loops, "1", 1, 16, "threads of the live river"),
    N(tls_seal, "1", 0, 1,
      "what goes out to phones under TLS 1.3 is sealed by 1: Cordon, 0: OpenSSL, at a third more work, should a "
      "client ever need it"),
    N(clients_max, "16384", 16, 60000,
      "TAK clients at once; beyond, the oldest that has not identified itself gives way"),
    N(units_max, "32768", 256, 1000000, "devices, tracks and map objects known at once"),
    N(uids_per_user, "8", 1, 10000, "devices one user may speak for without a relay grant"),
    T(default_group, "__ANON__", "group of users who have none"),
    T(sharing, "off",
      "on: rules decide what agencies that fight one incident together let each other hear, while it is open: "
      "positions yes, markers, chat to all and notes no, until a commander changes it"),
    N(track_days, "30", 0, 3650, "how long positions are kept for replay; 0: not written"),
    N(emergency_repeat_s, "10", 0, 3600, "an open emergency is sent again this often, in seconds; 0: never"),
    N(interest_from, "5000", 0, 60000, "from so many clients on, far units come slower; 0: never"),
    N(interest_far_every, "5", 0, 1000, "of far units each n-th report; 0: none"),
    N(interest_cell_udeg, "20000", 6000, 10000000, "edge of a neighbourhood cell, in millionths of a degree"),
    N(live_ring_mib, "24", 1, 1024, "MiB of live events in TAK protocol v1 kept for slow readers (XML: three times)"),
    N(file_max_mib, "512", 1, 16384, "MiB of the largest file that is taken (data packages, photos)"),
    N(files_quota_gib, "20", 1, 65536, "GiB of all files together; the last GiB of the disk is never taken for them"),
    L(input,
      "another way in, NAME KIND key=value ..., as of cordon input; may stand several times"),
    T(log_level, "info", "least level that is logged: debug, info, warn or error"),
#undef T
#undef L
#undef N
};

static bool put_line(struct config_list *list, const struct key *k, struct str value, struct err *e)
{
    if (list->count == CONFIG_LIST)
        return err_set(e, ERR_FULL, "%s may stand %d times at most", k->name, CONFIG_LIST);
    if (value.len >= CONFIG_LINE)
        return err_set(e, ERR_INPUT, "%s must be shorter than %d bytes", k->name, CONFIG_LINE);
    (void)str_copy(list->lines[list->count++], CONFIG_LINE, value);
    return true;
}

static bool put(struct config *c, const struct key *k, struct str value, struct err *e)
{
    char *at = (char *)c + k->at;
    void *list = at;
    int64_t n;

    if (k->type == LIST)
        return put_line(list, k, value, e);

    if (k->type == TEXT) {
        if (value.len >= k->size)
            return err_set(e, ERR_INPUT, "%s must be shorter than %zu bytes", k->name, k->size);
        (void)str_copy(at, k->size, value);
        return true;
    }
    if (!str_to_int(value, k->min, k->max, &n))
        return err_set(e, ERR_INPUT, "%s must be a number from %" PRId64 " to %" PRId64 ", not \"%.*s\"", k->name,
                       k->min, k->max, STR_ARG(value));
    memcpy(at, &n, sizeof n);
    return true;
}

void config_defaults(struct config *c)
{
    struct err e;

    memset(c, 0, sizeof *c);
    for (size_t i = 0; i < COUNTOF(keys); i++)
        MUST(keys[i].type == LIST || put(c, &keys[i], str_from(keys[i].initial), &e));
}

static const struct key *find(struct str name)
{
    for (size_t i = 0; i < COUNTOF(keys); i++) {
        struct str k = str_from(keys[i].name);
        size_t at = 0;

        while (at < k.len && at < name.len && (k.at[at] == name.at[at] || (k.at[at] == '_' && name.at[at] == '-')))
            at++;
        if (at == k.len && at == name.len)
            return &keys[i];
    }
    return NULL;
}

static bool take_line(struct config *c, struct str line, struct err *e)
{
    const struct key *k;
    size_t is;

    line = str_trim(str_cut(line, 0, str_find_byte(line, '#')));
    if (line.len == 0)
        return true;
    is = str_find_byte(line, '=');
    if (is == line.len)
        return err_set(e, ERR_INPUT, "\"%.*s\" is no setting: write key = value", STR_ARG(line));
    k = find(str_trim(str_cut(line, 0, is)));
    if (!k)
        return err_set(e, ERR_INPUT, "there is no setting \"%.*s\": see cordon serve --help",
                       STR_ARG(str_trim(str_cut(line, 0, is))));
    return put(c, k, str_trim(str_from_at(line, is + 1)), e);
}

bool config_file(struct config *c, const char *path, struct err *e)
{
    FILE *f = fopen(path, "r");
    char text[1024];
    bool ok = true;

    if (!f)
        return err_set(e, ERR_MISSING, "%s: the config file cannot be read: %s", path, strerror(errno));
    for (int line = 1; ok && fgets(text, sizeof text, f); line++) {
        struct str s = str_from(text);

        if (line == 1 && str_starts(s, STR("\xEF\xBB\xBF"))) /* an editor's byte order mark */
            s = str_from_at(s, 3);
        ok = strlen(text) + 1 < sizeof text ? take_line(c, s, e)
                                            : err_set(e, ERR_INPUT, "a line has %zu bytes at most", sizeof text - 2);
        if (!ok)
            (void)err_in(e, "%s: line %d", path, line);
    }
    if (ok && ferror(f))
        ok = err_set(e, ERR_WORLD, "%s: the config file cannot be read: %s", path, strerror(errno));
    (void)fclose(f);
    return ok;
}

bool config_flag(struct config *c, int argc, char **argv, int *i, struct err *e)
{
    struct str flag = str_from(argv[*i]), value;
    size_t is = str_find_byte(flag, '=');
    const struct key *k;

    if (!str_starts(flag, STR("--")))
        return err_set(e, ERR_INPUT, "\"%s\" is no option: see cordon serve --help", argv[*i]);
    k = find(str_cut(flag, 2, is));
    if (!k)
        return err_set(e, ERR_INPUT, "there is no option %.*s: see cordon serve --help", (int)is, flag.at);
    if (is < flag.len) {
        value = str_from_at(flag, is + 1);
    } else if (*i + 1 < argc) {
        value = str_from(argv[++*i]);
    } else {
        return err_set(e, ERR_INPUT, "%s needs a value", argv[*i]);
    }
    return put(c, k, value, e);
}

const char *config_waits(const struct config *is, const struct config *fresh, const char *after)
{
    bool past = !after;

    for (size_t i = 0; i < COUNTOF(keys); i++) {
        const struct key *k = &keys[i];
        const char *a = (const char *)is + k->at, *b = (const char *)fresh + k->at;
        bool now = k->type == LIST || strcmp(k->name, "log_level") == 0; /* read again */

        if (past && !now && (k->type == TEXT ? strcmp(a, b) : memcmp(a, b, k->size)) != 0)
            return k->name;
        past |= after && strcmp(k->name, after) == 0;
    }
    return NULL;
}

static void flag_name(char *to, size_t size, const struct key *k)
{
    (void)snprintf(to, size, "%s", k->name);
    for (; *to; to++)
        if (*to == '_')
            *to = '-';
}

void config_help(FILE *to, bool mdoc)
{
    for (size_t i = 0; i < COUNTOF(keys); i++) {
        const struct key *k = &keys[i];
        char flag[64], range[64] = "";

        flag_name(flag, sizeof flag, k);
        if (k->type == NUMBER)
            (void)snprintf(range, sizeof range, ", %" PRId64 " to %" PRId64, k->min, k->max);
        if (mdoc)
            (void)fprintf(to, ".It Cm %s , Fl -%s Ar %s\n%s.\nDefault: %s%s.\n", k->name, flag,
                          k->type == NUMBER ? "number" : "text", k->what, k->initial[0] ? k->initial : "none", range);
        else
            (void)fprintf(to, "  --%-22s %s\n  %-24s (default %s%s)\n", flag, k->what, "",
                          k->initial[0] ? k->initial : "none", range);
    }
}
