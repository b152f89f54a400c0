/* What a stranger may send to the TLS port.
 *
 * The first byte of the input says how: even, the rest goes to a fresh server in pieces; odd, a
 * true client shakes hands first, over TLS 1.2 or 1.3, and the rest goes to the server behind its
 * handshake, or into it with one byte of the client's changed.  The server must neither abort nor
 * leave input untaken, and what it answers stays within its room. */
#include "os/clock.h"
#include "os/pki.h"
#include "os/secret.h"
#include "os/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tls_ctx *server, *client, *client_12;
static char to_client[256 * 1024], to_server[256 * 1024];

static char dir[] = "/tmp/cordon-fuzz-XXXXXX";

static void remove_folder(void)
{
    static const char *const names[] = {"ca/root.pem",   "ca/root.key",   "ca/issuer.pem",
                                        "ca/issuer.key", "ca/server.pem", "ca/server.key",
                                        "ca/trust.pem",  "out/phone.p12", "out/phone.pem",
                                        "out/phone.key", "out/ca.pem",    "out/truststore.p12"};
    char path[128];

    for (size_t i = 0; i < COUNTOF(names); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)snprintf(path, sizeof path, "%s/ca", dir);
    (void)rmdir(path);
    (void)snprintf(path, sizeof path, "%s/out", dir);
    (void)rmdir(path);
    (void)rmdir(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char path[6][64];
    static const char *const names[] = {"ca/server.pem", "ca/server.key", "ca/trust.pem",
                                        "out/phone.pem", "out/phone.key", "out"};
    struct tls_files sf = {path[0], path[1], path[2], false}, cf = {path[3], path[4], path[2], false};
    int64_t now_ms = clock_wall_ms();
    struct pki_client made;
    struct pki_made ca;
    struct err e = {0};

    (void)argc;
    (void)argv;
    MUST(mkdtemp(dir));
    for (size_t i = 0; i < COUNTOF(names); i++)
        (void)snprintf(path[i], sizeof path[i], "%s/%s", dir, names[i]);
    MUST(secret_start(&e) && pki_prepare(dir, now_ms, &ca, &e));
    MUST(pki_client_package(dir, "phone", path[5], 30, 0, now_ms, &made, &e));
    MUST(tls_server(&sf, &server, &e) && tls_client(&cf, 0, &client, &e));
    MUST(tls_client(&cf, 12, &client_12, &e));
    remove_folder();
    return 0;
}

/* Gives bytes to the server as the loop does; false when it has failed. */
static bool feed(struct tls *t, struct str in, bool *done)
{
    struct err e = {0};
    char text[512];

    while (true) {
        struct buf out = buf_over(to_client, TLS_CIPHER_ROOM);
        size_t before = in.len, got = 0;
        enum tls_step step = *done ? tls_read(t, &in, text, sizeof text, &got, &out, &e)
                                   : tls_handshake(t, &in, &out, &e);

        MUST(in.len <= before && got <= sizeof text && out.len <= TLS_CIPHER_ROOM);
        MUST(step != TLS_MORE || in.len == 0);
        MUST((step == TLS_FAILED) == (e.kind != ERR_NONE && e.text[0] != 0));
        if (step == TLS_MORE)
            return true;
        if (step != TLS_DONE)
            return false;
        *done = true;
    }
}

static void stranger(struct tls *t, struct str in, size_t piece)
{
    bool done = false;

    for (size_t i = 0; i < in.len; i += piece) {
        size_t end = in.len - i < piece ? in.len : i + piece;

        if (!feed(t, str_cut(in, i, end), &done))
            return;
    }
}

/* A true client; at its n-th byte (when there is one) one bit is turned. Then the rest. */
static void client_gone_bad(struct tls *s, struct tls_ctx *ctx, struct str rest, size_t n)
{
    struct buf up = buf_over(to_server, sizeof to_server), down;
    bool s_done = false, c_done = false;
    struct tls *c = tls_new(ctx);
    struct str to_c = {0};
    size_t sent = 0;
    struct err e;

    MUST(c);
    for (int i = 0; i < 20 && !(s_done && c_done); i++) {
        if (!c_done) {
            enum tls_step step = tls_handshake(c, &to_c, &up, &e);

            if (step != TLS_DONE && step != TLS_MORE)
                break;
            c_done = step == TLS_DONE;
        }
        if (n < up.len && n >= sent)
            to_server[n] ^= 1;
        if (s_done)
            break;
        down = buf_over(to_client, sizeof to_client);
        {
            struct str in = str_of(to_server + sent, up.len - sent);
            enum tls_step step = tls_handshake(s, &in, &down, &e);

            sent = up.len;
            if (step != TLS_DONE && step != TLS_MORE)
                break;
            s_done = step == TLS_DONE;
        }
        to_c = buf_str(&down);
    }
    if (s_done && c_done && tls_write(c, rest.len ? rest : STR("x"), &up, &e) == TLS_DONE) {
        if (feed(s, str_of(to_server + sent, up.len - sent), &s_done))
            (void)feed(s, rest, &s_done);
    }
    tls_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tls *t;

    if (size < 4 || size > 64 * 1024)
        return 0;
    t = tls_new(server);
    MUST(t);
    if (data[0] % 2 == 0)
        stranger(t, str_of(data + 2, size - 2), data[1] ? data[1] : 4096);
    else
        client_gone_bad(t, data[0] & 2 ? client_12 : client, str_of(data + 4, size - 4),
                        data[0] & 4 ? (size_t)(data[1] | data[2] << 8) : SIZE_MAX);
    tls_free(t);
    return 0;
}
