#include "edge/marti.h"

/* What a TAK client asks first: who are you, and what do you speak. tak.md 2.1, 2.2 */

#define READS (METHOD_GET | METHOD_HEAD)

static handler get_version, get_version_config;

const struct route marti_basic_routes[] = {
    {READS, "/Marti/api/version", RIGHT_CLIENT_HELD, false, get_version, DOOR_WEB, NULL},
    {READS, "/Marti/api/version/config", RIGHT_CLIENT_HELD, false, get_version_config, DOOR_WEB, NULL},
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
