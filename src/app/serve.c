/* serve.c -- the running server: makes everything, wires it, waits for signals. */
#include "app/args.h"
#include "app/commands.h"
#include "app/folder.h"
#include "app/practice.h"
#include "app/serve.h"
#include "edge/inputs.h"
#include "edge/logins.h"
#include "edge/recorder.h"
#include "edge/tak.h"
#include "edge/web.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"
#include "os/net.h"
#include "os/pki.h"
#include "os/qr.h"
#include "os/secret.h"
#include "store/accounts.h"
#include "store/blobs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A real record must not begin among exercise data. */
static bool is_real(const struct config *c, struct err *e)
{
    return !folder_is_exercise(c->data) ||
           err_set(e, ERR_DENIED, "%s belongs to an exercise: start it with cordon exercise, or give another --data",
                   c->data);
}

static const struct serve_extra no_extra = {.command = "serve", .defaults = config_defaults, .prepare = is_real};

struct server {
    struct config conf;
    const struct serve_extra *extra;
    struct hub hub;
    struct river river;
    struct tak_config tak;
    struct recorder_started began;
    struct web_ports web;
    bool first_start;
    char setup_code[WEB_CODE];
    char first_password[32];
};

/* --------------------------------------------------------------- config -- */

static int level_of(const char *word)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};

    for (size_t i = 0; i < COUNTOF(levels); i++)
        if (strcmp(word, levels[i]) == 0)
            return (int)i;
    return -1;
}

/* What the table of settings cannot say of one alone. */
static bool fits(const struct config *c, struct err *e)
{
    const struct {
        const char *name;
        int64_t port;
    } ports[] = {{"tak_tls", c->tak_tls}, {"web", c->web}, {"enrol", c->enrol}};

    if (strcmp(c->sharing, "on") != 0 && strcmp(c->sharing, "off") != 0)
        return err_set(e, ERR_INPUT, "sharing is on or off, not \"%s\"", c->sharing);
    if (level_of(c->log_level) < 0)
        return err_set(e, ERR_INPUT, "log_level is debug, info, warn or error, not \"%s\"", c->log_level);
    if (c->tak_tls == 0 && c->tak_tcp == 0 && c->web == 0)
        return err_set(e, ERR_INPUT, "every port is off: give at least one of --tak-tls, --tak-tcp and --web");
    for (size_t i = 0; i < COUNTOF(ports); i++)
        for (size_t k = 0; k < i; k++)
            if (ports[i].port && ports[i].port == ports[k].port)
                return err_set(e, ERR_INPUT, "%s and %s are both port %lld: give each its own", ports[k].name,
                               ports[i].name, (long long)ports[i].port);
    return true;
}

static bool read_config(struct config *c, const struct serve_extra *extra, int argc, char **argv, struct err *e)
{
    struct config first;
    char path[CONFIG_TEXT + 16];

    extra->defaults(&first);
    for (int i = 1; i < argc; i++) /* once for --data and --config */
        if (!config_flag(&first, argc, argv, &i, e))
            return false;
    extra->defaults(c);
    (void)snprintf(path, sizeof path, "%s/cordon.conf", first.data);
    if (first.config[0] ? !config_file(c, first.config, e)
                        : access(path, F_OK) == 0 && !config_file(c, path, e))
        return false;
    for (int i = 1; i < argc; i++) /* again: flags win over the file */
        if (!config_flag(c, argc, argv, &i, e))
            return false;
    return fits(c, e);
}

static void set_log_level(const struct config *c)
{
    int level = level_of(c->log_level);

    MUST(level >= 0); /* fits() */
    log_set_level((enum log_level)level);
}

/* ----------------------------------------------------------- first start - */

static bool data_folder(struct server *s, struct err *e)
{
    return folder_take(s->conf.data, &s->first_start, e);
}

static bool see_one(void *ctx, const struct certificate *c)
{
    (void)c;
    *(bool *)ctx = true;
    return false;
}

static bool has_certificate(struct accounts *a, struct str name)
{
    struct user u;
    struct err e;
    bool has = false;

    return accounts_user_by_name(a, name, &u, &e) && accounts_certificates(a, u.id, see_one, &has, &e) && has;
}

/* The folder gets its name last: one that a full disk left half done is made anew. */
static bool issue_first(struct server *s, struct accounts *a, struct err *e)
{
    struct user u = {0};
    struct pki_client made;
    struct certificate c;
    char out[CONFIG_TEXT + 32], part[CONFIG_TEXT + 32];

    (void)snprintf(out, sizeof out, "%s/first-client", s->conf.data);
    (void)snprintf(part, sizeof part, "%s/first-client.part", s->conf.data);
    /* Whoever took it away, or restored a backup, does not want a key that nobody asked for. */
    if (access(out, F_OK) == 0 || (access(part, F_OK) != 0 && has_certificate(a, STR("first"))))
        return true;
    (void)str_copy(u.name, sizeof u.name, STR("first"));
    if (!accounts_put_user(a, &u, e) ||
        !pki_client_package(s->conf.data, "first", part, 365, PKI_LEGACY | PKI_RSA, clock_machine_ms(),
                            &made, e))
        return false;
    memset(&c, 0, sizeof c);
    (void)snprintf(c.serial, sizeof c.serial, "%s", made.serial);
    c.user_id = u.id;
    c.not_after_ms = made.not_after_ms;
    (void)snprintf(s->first_password, sizeof s->first_password, "%s", made.password);
    if (!accounts_put_certificate(a, &c, e))
        return false;
    return rename(part, out) == 0 || err_set(e, ERR_WORLD, "%s cannot be named %s: %s", part, out, strerror(errno));
}

/* The user behind the plain port: many devices, no certificate. */
static bool plain_user(struct accounts *a, struct err *e)
{
    struct user u = {0};
    struct err missing;

    if (accounts_user_by_name(a, STR("plain-tcp"), &u, &missing))
        return true;
    (void)str_copy(u.name, sizeof u.name, STR("plain-tcp"));
    u.relay = true;
    return accounts_put_user(a, &u, e);
}

static bool prepare_accounts(struct server *s, struct err *e)
{
    struct accounts *a;
    bool ok;

    if (!accounts_open(s->conf.data, &a, e))
        return false;
    ok = (!s->conf.tak_tcp || plain_user(a, e)) && (!s->conf.web || web_setup_code(&s->hub, a, s->setup_code, e));
    accounts_close(a);
    return ok;
}

/* ---------------------------------------------------------------- memory - */

static void *map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

static bool text_is_uid(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.at[i] <= ' ' || s.at[i] > '~')
            return false;
    return true;
}

/* The command post's own uid among the phones' contacts: made once, so that after a restart it is the
 * contact that they have. */
static bool server_uid(struct server *s, struct err *e)
{
    char path[CONFIG_TEXT + 16];
    char *uid = s->hub.server_uid;
    size_t n = 0;
    unsigned char id[8];
    struct buf made = buf_over(uid, sizeof s->hub.server_uid - 1);

    (void)snprintf(path, sizeof path, "%s/server.uid", s->conf.data);
    if (file_read(path, uid, sizeof s->hub.server_uid - 1, &n, e) && n >= 8 && text_is_uid(str_of(uid, n)))
        return true;
    memset(uid, 0, sizeof s->hub.server_uid);
    chance_fill(id, sizeof id);
    buf_put(&made, STR("cordon-"));
    buf_hex(&made, id, sizeof id);
    return file_write(path, buf_str(&made), 0600, e);
}

static bool prepare_river(struct server *s, struct err *e)
{
    struct river_limits l = river_limits();
    struct hash_key key;
    void *memory;

    l.units_max = (uint32_t)s->conf.units_max;
    l.live_bytes[FORM_PROTO] = (uint64_t)s->conf.live_ring_mib << 20;
    l.live_bytes[FORM_XML] = 3 * l.live_bytes[FORM_PROTO];
    l.repeat_ms = s->conf.emergency_repeat_s * 1000;
    l.uids_per_user = (uint32_t)s->conf.uids_per_user;
    l.interest_from = (uint32_t)s->conf.interest_from;
    l.far_every = (uint32_t)s->conf.interest_far_every;
    l.cell_deg = (double)s->conf.interest_cell_udeg / 1e6;
    memory = map(river_memory(&l));
    if (!memory)
        return err_set(e, ERR_WORLD, "no memory for %lld units: lower units_max", (long long)s->conf.units_max);
    chance_fill(&key, sizeof key);
    river_init(&s->river, &l, memory, key, str_from(s->hub.server_uid));
    s->hub.river = &s->river;
    return true;
}

static bool prepare_hub(struct server *s, struct err *e)
{
    struct hub *h = &s->hub;

    MUST(pthread_mutex_init(&h->lock, NULL) == 0);
    (void)snprintf(h->dir, sizeof h->dir, "%s", s->conf.data);
    (void)snprintf(h->server_name, sizeof h->server_name, "%s", s->conf.server_name);
    if (!h->server_name[0] && gethostname(h->server_name, sizeof h->server_name - 1) != 0)
        (void)snprintf(h->server_name, sizeof h->server_name, "Cordon");
    h->started_ms = clock_wall_ms();
    h->client_max = (uint32_t)(s->conf.clients_max + 2 * s->conf.loops);
    h->clients = map(h->client_max * sizeof *h->clients);
    h->loop_count = (int)s->conf.loops;
    h->openssl_seals = s->conf.tls_seal == 0;
    return h->clients != NULL || err_set(e, ERR_WORLD, "no memory for %u clients: lower clients_max", h->client_max);
}

/* ----------------------------------------------------------------- start - */

/* What a start does that cannot fail any more, every port being bound: the password of the first client package is
 * printed once, and must be.  And for `cordon invite` beside this server: where the page of an invite is.  As
 * web_welcome.c has it: at the door that asks a browser for no certificate, when there is one. */
static bool finish_accounts(struct server *s, struct err *e)
{
    char port[16];
    struct accounts *a;
    bool ok;

    (void)snprintf(port, sizeof port, "%d", s->web.enrol ? s->web.enrol : s->web.web);
    if (!accounts_open(s->conf.data, &a, e))
        return false;
    ok = accounts_put_value(a, STR("join_port"), str_from(port), e) && (!s->conf.tak_tls || issue_first(s, a, e));
    accounts_close(a);
    return ok;
}

/* Beside the record: the last GiB of the disk is the record's. */
static bool prepare_files(struct server *s, struct err *e)
{
    struct blobs_options o = {.file_max = (uint64_t)s->conf.file_max_mib << 20,
                              .quota = (uint64_t)s->conf.files_quota_gib << 30, .spare = UINT64_C(1) << 30};

    return blobs_open(s->conf.data, &o, &s->hub.blobs, e);
}

static size_t input_lines(const struct config *c, const char *specs[CONFIG_LIST])
{
    for (int i = 0; i < c->input.count; i++)
        specs[i] = c->input.lines[i];
    return (size_t)c->input.count;
}

static bool start_inputs(struct server *s, struct err *e)
{
    const char *specs[CONFIG_LIST];
    struct inputs_config c = {.dir = s->conf.data, .specs = specs, .count = input_lines(&s->conf, specs)};

    return logins_start(&s->hub, s->conf.data, e) && inputs_start(&s->hub, &c, e);
}

static bool start(struct server *s, struct err *e)
{
    struct recorder_config rc = {.default_group = s->conf.default_group,
                                 .track_days = (int)s->conf.track_days,
                                 .sharing = strcmp(s->conf.sharing, "on") == 0};
    struct web_config wc = {.address = s->conf.listen,
                            .port = (int)s->conf.web,
                            .enrol_port = (int)s->conf.enrol,
                            .cert_days = (int)s->conf.cert_days,
                            .cert_days_many = (int)s->conf.cert_days_many,
                            .default_group = s->conf.default_group,
                            .dir = s->conf.data};
    struct pki_made made;

    s->tak = (struct tak_config){.address = s->conf.listen,
                                 .tcp_address = s->conf.tak_tcp_listen,
                                 .tls_port = (int)s->conf.tak_tls,
                                 .tcp_port = (int)s->conf.tak_tcp,
                                 .loops = (int)s->conf.loops,
                                 .clients_max = (uint32_t)s->conf.clients_max};
    if (!data_folder(s, e) || !prepare_hub(s, e) || !server_uid(s, e) || !prepare_river(s, e) ||
        !pki_prepare(s->conf.data, clock_machine_ms(), &made, e) || !prepare_accounts(s, e) ||
        (s->extra->prepare && !s->extra->prepare(&s->conf, e)))
        return false;
    (void)net_files_max();
    if (!prepare_files(s, e) || !recorder_open(&s->hub, &rc, &s->began, e))
        return false;
    if (s->conf.web && s->extra == &no_extra) {
        s->hub.practice = practice_new(&s->conf);
        MUST(s->hub.practice);
    }
    if ((s->conf.web && !web_start(&s->hub, &wc, &s->web, e)) || !tak_start(&s->hub, &s->tak, e))
        return false;
    atomic_store(&s->hub.tak_port, s->tak.tls_port);
    return recorder_start(&s->hub, e) && start_inputs(s, e) &&
           (!s->extra->begin || s->extra->begin(&s->hub, &s->conf, s->tak.tcp_port, e)) && finish_accounts(s, e);
}

static void print_limits(const struct server *s)
{
    (void)printf("limits: %lld clients (up to %lld MiB of TLS), %lld units, events of %d bytes in and %d out,\n"
                 "        live ring %lld MiB v1 and %lld MiB XML (used as needed), positions kept %lld days\n",
                 (long long)s->conf.clients_max, (long long)s->conf.clients_max * 24 / 1024,
                 (long long)s->conf.units_max, LIMIT_EVENT_IN, LIMIT_EVENT_OUT, (long long)s->conf.live_ring_mib,
                 (long long)s->conf.live_ring_mib * 3, (long long)s->conf.track_days);
}

/* The page's address, with the setup code behind the # that no browser sends to a server. */
static void put_address(const struct server *s, struct str host, struct buf *b)
{
    buf_fmt(b, "https://%.*s:%d/", STR_ARG(host), s->web.web);
    if (s->setup_code[0])
        buf_fmt(b, "#setup=%s", s->setup_code);
}

/* To be scanned by a tablet at the first start; of digits, as names need a name server. */
static void print_code(const struct server *s, struct str names)
{
    char url[128], drawn[8 * 1024];
    struct buf u = buf_over(url, sizeof url), b = buf_over(drawn, sizeof drawn);
    struct err e;

    while (names.len) {
        size_t end = str_find_byte(names, ',');
        struct str name = str_trim(str_cut(names, 0, end));

        if (name.len && name.at[0] >= '0' && name.at[0] <= '9' && str_find_byte(name, ':') == name.len) {
            put_address(s, name, &u);
            if (qr_text(buf_str(&u), &b, &e))
                (void)printf("        or scan %.*s\n%.*s", STR_ARG(buf_str(&u)), STR_ARG(buf_str(&b)));
            return;
        }
        names = str_from_at(names, end < names.len ? end + 1 : end);
    }
}

static void print_open(const struct server *s)
{
    char url[256], host[80];
    struct buf u = buf_over(url, sizeof url), h = buf_over(host, sizeof host);
    struct str at = str_from(s->conf.listen);
    bool every = str_eq(at, STR("::")) || str_eq(at, STR("0.0.0.0"));

    /* One address alone: that of this machine would answer nothing. */
    if (every || str_starts(at, STR("127.")) || str_eq(at, STR("::1")))
        buf_put(&h, STR("localhost"));
    else
        buf_fmt(&h, str_find_byte(at, ':') < at.len ? "[%.*s]" : "%.*s", STR_ARG(at));
    put_address(s, buf_str(&h), &u);
    (void)printf("open    %.*s%s\n", STR_ARG(buf_str(&u)), every ? "   (or one of the addresses above)" : "");
}

static void print_start(const struct server *s)
{
    char names[512];

    net_host_names(names, sizeof names);
    (void)printf("Cordon %s, data in %s\n", CORDON_VERSION, s->conf.data);
    (void)printf("record: %llu rows read in %lld ms%s; %zu open emergencies\n", (unsigned long long)s->began.rows,
                 (long long)s->began.took_ms, s->began.from_snapshot ? " from a snapshot" : "", s->began.emergencies);
    if (s->began.note[0])
        (void)printf("record: %s\n", s->began.note);
    print_limits(s);
    (void)printf("this host: %s\n", names);
    if (s->web.web)
        print_open(s);
    if (s->setup_code[0])
        (void)printf("        the first account's setup code: %s\n", s->setup_code);
    if (s->setup_code[0] && s->web.web && isatty(STDOUT_FILENO))
        print_code(s, str_from(names));
    if (s->tak.tls_port)
        (void)printf("phones  connect to port %d (TLS); one more phone: cordon client NAME --data %s --out FOLDER\n",
                     s->tak.tls_port, s->conf.data);
    if (s->first_password[0])
        (void)printf("        first client package: %s/first-client (password %s)\n", s->conf.data, s->first_password);
    if (s->tak.tcp_port)
        (void)printf("        plain TCP on %s port %d: no certificate is asked for\n", s->conf.tak_tcp_listen,
                     s->tak.tcp_port);
    (void)printf("ready tak-tls=%d tak-tcp=%d web=%d enrol=%d\n", s->tak.tls_port, s->tak.tcp_port, s->web.web,
                 s->web.enrol);
    (void)fflush(stdout);
}

static void reload(struct server *s, int argc, char **argv)
{
    const char *specs[CONFIG_LIST];
    struct config fresh;
    struct pki_made made;
    struct err e;

    if (!read_config(&fresh, s->extra, argc, argv, &e)) {
        log_line(LOG_ERROR, "config.reload", "reason=\"%s\"", e.text);
        return;
    }
    set_log_level(&fresh);
    for (const char *name = NULL; (name = config_waits(&s->conf, &fresh, name));)
        log_line(LOG_WARN, "config.waits", "setting=%s reason=\"it was changed and needs a restart\"", name);
    inputs_reload(&s->hub, specs, input_lines(&fresh, specs));
    if (!pki_prepare(s->conf.data, clock_machine_ms(), &made, &e) || !tak_reload(&s->hub, &e) ||
        (s->web.web && !web_reload(&s->hub, &e)))
        log_line(LOG_ERROR, "certificates.reload", "reason=\"%s\"", e.text);
    else
        log_line(LOG_INFO, "reloaded", "server_certificate=%s", made.server_made ? "new" : "read");
}

static void stop(struct server *s)
{
    log_line(LOG_INFO, "stopping", "clients=%u", atomic_load(&s->river.sessions));
    if (s->extra->end)
        s->extra->end();
    atomic_store(&s->hub.stopping, true);
    inputs_stop(&s->hub);
    tak_stop(&s->hub);
    logins_stop(&s->hub);
    recorder_stop(&s->hub);
    if (s->web.web)
        web_stop(&s->hub);
    practice_free(s->hub.practice);
    inputs_free(&s->hub);
    recorder_free(&s->hub);
    blobs_close(s->hub.blobs);
    log_settle();
    log_line(LOG_INFO, "stopped", "rows=%llu", (unsigned long long)atomic_load(&s->hub.metrics.journal_seq));
}

int command_serve(int argc, char **argv)
{
    return serve_run(argc, argv, &no_extra);
}

int serve_run(int argc, char **argv, const struct serve_extra *extra)
{
    static struct server server; /* one; large */
    sigset_t signals;
    struct err e;
    int sig = 0;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(0077);
    server.extra = extra;
    if (!read_config(&server.conf, extra, argc, argv, &e))
        return args_fail(extra->command, &e);
    set_log_level(&server.conf);
    if (!start(&server, &e)) {
        (void)args_fail(extra->command, &e);
        _exit(1); /* threads that did start must not run on */
    }
    print_start(&server);
    while (sigwait(&signals, &sig) == 0 && sig == SIGHUP)
        reload(&server, argc, argv);
    stop(&server);
    return 0;
}
