/* What a phone, or whoever says that he is one, may send to enrol.
 *
 * The first byte of the input says what the rest is: a header Authorization, a header Accept, base64, or
 * a certificate request in any of its forms.  A name and password lie in their buffer and hold no
 * control character; base64 that was read is written and read back; a request that is signed is for
 * the name that was asked, whatever else stands in it, and everything else is refused with a sentence. */
#include "base/base64.h"
#include "edge/enrol_parse.h"
#include "os/clock.h"
#include "os/pki.h"
#include "os/secret.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/cordon-fuzz-XXXXXX";
static char bytes[128 * 1024], again[128 * 1024], text[256 * 1024];

static void remove_folder(void)
{
    char command[64];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", dir);
    (void)!system(command);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct pki_made ca;
    struct err e = {0};

    (void)argc;
    (void)argv;
    MUST(mkdtemp(dir));
    (void)atexit(remove_folder);
    MUST(secret_start(&e) && pki_prepare(dir, clock_wall_ms(), &ca, &e));
    return 0;
}

static void authorization(struct str in)
{
    struct basic b;

    if (!basic_take(in, &b))
        return;
    MUST(b.name.len > 0 && b.name.at >= b.text && b.password.at + b.password.len <= b.text + sizeof b.text);
    MUST(str_is_utf8(b.name) && str_find_byte(b.name, ':') == b.name.len && str_find_byte(b.name, 0) == b.name.len);
    MUST(str_is_utf8(b.password) && str_find_byte(b.password, 0) == b.password.len);
}

static void base64(struct str in)
{
    struct buf b = buf_over(bytes, sizeof bytes), a = buf_over(again, sizeof again), t = buf_over(text, sizeof text);

    if (!base64_take(in, &b))
        return;
    MUST(b.len <= in.len);
    base64_put(&t, buf_str(&b), 64);
    MUST(!t.full && base64_take(buf_str(&t), &a) && str_eq(buf_str(&a), buf_str(&b)));
}

static void request(struct str in)
{
    static struct pki_signed made;
    static unsigned char p12[PKI_P12_MAX];
    struct pki_request q = {.csr = in, .name = "EX-medic", .uid = "EX-1", .days = 7};
    struct err e = {0};
    size_t n;

    if (!pki_sign(dir, &q, clock_wall_ms(), &made, &e)) {
        MUST(e.text[0] && made.len[0] == 0);
        return;
    }
    MUST(made.made.serial[0] && made.len[0] && made.len[1] && made.len[2]);
    MUST(str_find(str_of(made.der[0], made.len[0]), STR("EX-medic")) < made.len[0]);
    MUST(pki_signed_p12(&made, "atakatak", 0, p12, &n, &e));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in;

    if (size == 0)
        return 0;
    in = str_of(data + 1, size - 1);
    switch (data[0]) {
    case 'a': authorization(in); break;
    case 'f': (void)enrol_form(in); break;
    case 'b': base64(in); break;
    default: request(in); break;
    }
    return 0;
}
