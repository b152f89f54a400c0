#include "edge/marti.h"

#include "store/blobs.h"

#include <inttypes.h>
#include <stdio.h>

/* What a TAK client asks first: who are you, and what do you speak. tak.md 2.1, 2.2 */

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_version, get_version_config, get_roles, get_is_admin, get_cops, get_files_config, get_iconsets,
    get_injectors, get_injector, get_home;

const struct route marti_basic_routes[] = {
    {READS, "/Marti/api/version", RIGHT_CLIENT_HELD, false, get_version, DOOR_WEB, NULL},
    {READS, "/Marti/api/version/config", RIGHT_CLIENT_HELD, false, get_version_config, DOOR_WEB, NULL},
    {READS, "/Marti/api/util/user/roles", RIGHT_CLIENT_HELD, false, get_roles, DOOR_WEB, NULL},
    {READS, "/Marti/api/util/isAdmin", RIGHT_CLIENT_HELD, false, get_is_admin, DOOR_WEB, NULL},
    {READS, "/Marti/api/cops/hierarchy", RIGHT_CLIENT, false, get_cops, DOOR_WEB, NULL},
    {READS, "/Marti/api/iconset/all/uid", RIGHT_CLIENT, false, get_iconsets, DOOR_WEB, NULL},
    {READS, "/Marti/api/injectors/cot/uid", RIGHT_CLIENT, false, get_injectors, DOOR_WEB, NULL},
    {READS, "/Marti/api/injectors/cot/uid/{*}", RIGHT_CLIENT, false, get_injector, DOOR_WEB, NULL},
    {READS, "/Marti/api/home", RIGHT_CLIENT_HELD, false, get_home, DOOR_WEB, NULL},
    {READS, "/files/api/config", RIGHT_CLIENT, false, get_files_config, DOOR_WEB, NULL},
};
const size_t marti_basic_route_count = COUNTOF(marti_basic_routes);

static void put_version(void *ctx, struct buf *b)
{
    (void)ctx;
    buf_put(b, STR("TAK Server (Cordon " CORDON_VERSION ")"));
}

static void get_version(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)w, (void)q, (void)now;
    marti_text(r, "text/plain;charset=UTF-8", put_version, NULL);
}

/* A client needs the text ServerConfig, and the envelope's version as a number. */
static void put_version_config(void *ctx, struct buf *b)
{
    const struct web *w = ctx;

    buf_put(b, STR("{\"version\":\"Cordon " CORDON_VERSION "\",\"api\":\"3\",\"hostname\":"));
    buf_json(b, str_from(w->h->server_name));
    buf_byte(b, '}');
}

static void get_version_config(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)q, (void)now;
    marti_data(r, "ServerConfig", put_version_config, w);
}

/* ---- what clients look for at their start, and Cordon has none of ------------ */

static void put_text(void *ctx, struct buf *b)
{
    buf_put(b, str_from(ctx));
}

/* A TAK user is never an administrator here: that is the command post's page, with its own accounts. */
static void get_roles(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char json[] = "[\"ROLE_USER\",\"ROLE_WEBTAK\"]";

    (void)w, (void)q, (void)now;
    marti_bare(r, put_text, json);
}

static void get_is_admin(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char json[] = "false";

    (void)w, (void)q, (void)now;
    marti_bare(r, put_text, json);
}

static void reply_empty(struct reply *r, const char *type)
{
    char json[] = "[]";

    marti_data(r, type, put_text, json);
}

static void get_cops(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)w, (void)q, (void)now;
    reply_empty(r, "com.bbn.marti.cop.CopHierarchyNode");
}

static void get_iconsets(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)w, (void)q, (void)now;
    reply_empty(r, "java.lang.String");
}

static void get_injectors(struct web *w, struct request *q, struct reply *r, struct now now)
{
    (void)w, (void)q, (void)now;
    reply_empty(r, "com.bbn.marti.remote.injector.InjectorConfig");
}

static void get_injector(struct web *w, struct request *q, struct reply *r, struct now now)
{
    get_injectors(w, q, r, now);
}

static void get_home(struct web *w, struct request *q, struct reply *r, struct now now)
{
    char json[] = "\"/\"";

    (void)w, (void)q, (void)now;
    marti_data(r, "java.lang.String", put_text, json);
}

static void get_files_config(struct web *w, struct request *q, struct reply *r, struct now now)
{
    uint64_t mib = w->h->blobs ? blobs_figures(w->h->blobs).file_max >> 20 : 0; /* 0: it keeps no files */
    char json[64];

    (void)q, (void)now;
    (void)snprintf(json, sizeof json, "{\"uploadSizeLimit\":%" PRIu64 "}", mib);
    marti_bare(r, put_text, json);
}
