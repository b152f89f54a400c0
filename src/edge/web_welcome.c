#include "edge/web_welcome.h"

#include "os/clock.h"
#include "os/net.h"

#include <stdlib.h>

enum { WRONG_WAIT_MAX_MS = 60000 };

static bool fill(struct web *w, struct welcome *m, struct err *e)
{
    unsigned char fingerprint[32];
    struct buf b = buf_over(m->mark, PACKAGE_MARK);
    struct hash_key key;

    if (!pki_root_fingerprint(w->dir, fingerprint, e) || !pki_words(w->dir, m->words, e) ||
        !pki_trust_p12(w->dir, WELCOME_TRUST, PKI_LEGACY, &m->trust, e))
        return false;
    buf_hex(&b, fingerprint, PACKAGE_MARK / 2);
    chance_fill(&key, sizeof key);
    limit_init(&m->wrong, key, WRONG_WAIT_MAX_MS);
    return true;
}

struct welcome *welcome_of(struct web *w, struct err *e)
{
    struct welcome *m;

    if (w->welcome)
        return w->welcome;
    m = calloc(1, sizeof *m);
    if (!m) {
        (void)err_set(e, ERR_WORLD, "there is not enough memory for invites");
        return NULL;
    }
    if (!fill(w, m, e)) {
        free(m);
        return NULL;
    }
    w->welcome = m;
    return m;
}

void welcome_free(struct web *w)
{
    if (w->welcome)
        secret_wipe(w->welcome, sizeof *w->welcome);
    free(w->welcome);
    w->welcome = NULL;
}

static bool is_address(struct str name)
{
    return name.len && name.at[name.len - 1] >= '0' && name.at[name.len - 1] <= '9';
}

static void add_hosts(struct welcome_hosts *out, struct str rest, bool addresses)
{
    while (rest.len && out->count < WELCOME_HOSTS) {
        size_t end = str_find_byte(rest, ',');
        struct str name = str_trim(str_cut(rest, 0, end));

        if (name.len && str_find_byte(name, ':') == name.len && is_address(name) == addresses &&
            str_copy(out->names[out->count], WELCOME_HOST_MAX, name))
            out->count++;
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
}

void welcome_hosts(struct welcome_hosts *out)
{
    char names[512];

    net_host_names(names, sizeof names);
    out->count = 0;
    /* A name needs a name server, which the scene does not have. */
    add_hosts(out, str_from(names), true);
    add_hosts(out, str_from(names), false);
    /* Without a network there is this machine alone: an emulator, or a look at how it will be. */
    if (out->count == 0)
        (void)str_copy(out->names[out->count++], WELCOME_HOST_MAX, STR("127.0.0.1"));
}

bool welcome_host(struct str said, char out[WELCOME_HOST_MAX], struct err *e)
{
    struct welcome_hosts hosts;

    welcome_hosts(&hosts);
    for (size_t i = 0; i < hosts.count; i++)
        if (said.len == 0 || str_eq(said, str_from(hosts.names[i])))
            return str_copy(out, WELCOME_HOST_MAX, str_from(hosts.names[i]));
    return err_set(e, ERR_INPUT,
                   "\"host\" must be one of this host's names and addresses: its certificate names no other");
}

struct package welcome_package(struct web *w, const struct welcome *m, struct str host)
{
    return (struct package){
        .server = str_from(w->h->server_name),
        .mark = str_from(m->mark),
        .host = host,
        .stream_port = atomic_load(&w->h->tak_port),
        .api_port = w->port,
        .enrol_port = w->enrol_port,
        .trust = str_of(m->trust.p12, m->trust.len),
        .trust_password = STR(WELCOME_TRUST),
    };
}

void welcome_link(const struct web *w, struct str host, struct str token, struct buf *b)
{
    buf_fmt(b, "https://%.*s:%d/join/%.*s", STR_ARG(host), w->enrol_port ? w->enrol_port : w->port, STR_ARG(token));
}

void welcome_show(struct welcome *m, const struct who *who, const struct welcome_shown *shown)
{
    struct welcome_shown *to = &m->shown[m->next++ % WELCOME_SHOWN];

    *to = *shown;
    memcpy(to->session, who->token_hash, sizeof to->session);
}

const struct welcome_shown *welcome_shown(const struct welcome *m, const struct who *who, int64_t invite)
{
    for (size_t i = 0; i < WELCOME_SHOWN; i++)
        if (m->shown[i].invite == invite &&
            secret_same(str_of(m->shown[i].session, sizeof m->shown[i].session),
                        str_of(who->token_hash, sizeof who->token_hash)))
            return &m->shown[i];
    return NULL;
}

#define READS (METHOD_GET | METHOD_HEAD)

const struct route welcome_routes[] = {
    {READS, "/api/invites", RIGHT_WELCOMES, false, get_invites, DOOR_WEB, NULL},
    {METHOD_POST, "/api/invites", RIGHT_WELCOMES, true, post_invite, DOOR_WEB, NULL},
    {METHOD_POST, "/api/invites/batch", RIGHT_WELCOMES, true, post_invite_batch, DOOR_WEB, NULL},
    {METHOD_POST, "/api/invites/{}/end", RIGHT_WELCOMES, true, post_invite_end, DOOR_WEB, NULL},
    {READS, "/api/invites/{}/qr.svg", RIGHT_WELCOMES, false, get_invite_qr, DOOR_WEB, NULL},
    {READS, "/api/devices", RIGHT_WELCOMES, false, get_devices, DOOR_WEB, NULL},
    {METHOD_POST, "/api/devices/admit", RIGHT_WELCOMES, true, post_devices_admit, DOOR_WEB, NULL},
    {METHOD_POST, "/api/devices/{}/admit", RIGHT_WELCOMES, true, post_device_admit, DOOR_WEB, NULL},
    {METHOD_POST, "/api/devices/{}/revoke", RIGHT_ADMIN, true, post_device_revoke, DOOR_WEB, NULL},
    {READS, "/api/users", RIGHT_ADMIN, false, get_users, DOOR_WEB, NULL},
    {METHOD_POST, "/api/users", RIGHT_ADMIN, true, post_user, DOOR_WEB, NULL},
    {READS, "/join.css", RIGHT_ALL, false, get_join_style, DOOR_WEB | DOOR_ENROL, NULL},
    {READS, "/join.woff2", RIGHT_ALL, false, get_join_font, DOOR_WEB | DOOR_ENROL, NULL},
    {READS, "/join/{}", RIGHT_ALL, false, get_join, DOOR_WEB | DOOR_ENROL, NULL},
    {READS, "/join/{}/package-{*}.zip", RIGHT_ALL, false, get_join_package, DOOR_WEB | DOOR_ENROL, NULL},
    {METHOD_POST, "/join/{}/package-{*}.zip", RIGHT_ALL, false, post_join_package, DOOR_WEB | DOOR_ENROL, NULL},
};
const size_t welcome_route_count = COUNTOF(welcome_routes);
