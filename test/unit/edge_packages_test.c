/* Connection packages: their texts byte for byte, and the zips as other programs read them: Python opens the archive,
 * openssl and keytool open what is in it. */
#include "edge/packages.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "os/clock.h"
#include "os/file.h"
#include "os/pki.h"
#include "os/secret.h"
#include "os/zip.h"
#include "support.h"
#include "support/folder.h"

#include <ftw.h>

/* Not the bytes of a PKCS#12: what is in them does not matter to the texts. */
static struct package example(enum package_for client, bool key)
{
    return (struct package){
        .client = client,
        .server = STR("EX & Post"),
        .mark = STR("0a1b2c3d"),
        .host = STR("10.0.0.5"),
        .stream_port = 8089,
        .api_port = 8443,
        .enrol_port = 8446,
        .user = STR("rgr-3"),
        .callsign = STR("rgr-3"),
        .role = STR("Medic"),
        .trust = STR("trust"),
        .trust_password = STR("atakatak"),
        .key = key ? STR("key") : (struct str){0},
        .key_password = STR("EX<pass>"),
    };
}

/* CORDON_GOLDEN=1 writes what is there now. */
static void is_golden(const char *name, struct str text)
{
    char file[96];
    struct err e;

    (void)snprintf(file, sizeof file, "test/golden/packages/%s", name);
    if (getenv("CORDON_GOLDEN"))
        assert_true(file_write(test_source(file), text, 0644, &e));
    if (!str_eq(test_read(test_source(file)), text))
        fail_msg("%s is not what it was:\n%.*s", file, STR_ARG(text));
}

static void texts_are_golden(void **state)
{
    (void)state;
    for (enum package_for client = PACKAGE_ATAK; client < PACKAGE_COUNT; client++)
        for (int key = 0; key < 2; key++) {
            char text[PACKAGE_TEXT_MAX], name[64];
            struct buf b = buf_over(text, sizeof text);
            struct package p = example(client, key);

            (void)snprintf(name, sizeof name, "%s-%s.pref", package_word(client), key ? "key" : "enrol");
            package_pref(&p, &b);
            assert_false(b.full);
            is_golden(name, buf_str(&b));
            b = buf_over(text, sizeof text);
            (void)snprintf(name, sizeof name, "%s-%s.xml", package_word(client), key ? "key" : "enrol");
            package_manifest(&p, &b);
            assert_false(b.full);
            is_golden(name, buf_str(&b));
        }
}

static void ports_that_differ_are_told(void **state)
{
    char text[PACKAGE_TEXT_MAX];
    struct buf b = buf_over(text, sizeof text);
    struct package p = example(PACKAGE_ATAK, false);

    (void)state;
    p.stream_port = 9089, p.api_port = 9443, p.enrol_port = 9446;
    package_pref(&p, &b);
    assert_true(str_find(buf_str(&b), STR(">10.0.0.5:9089:ssl<")) < b.len);
    assert_true(str_find(buf_str(&b), STR("\"apiSecureServerPort\" class=\"class java.lang.String\">9443<")) < b.len);
    assert_true(str_find(buf_str(&b), STR("\"apiCertEnrollmentPort\" class=\"class java.lang.String\">9446<")) < b.len);
}

static void links_are_escaped(void **state)
{
    char text[512];
    struct buf b = buf_over(text, sizeof text);
    struct package p = example(PACKAGE_ATAK, false);

    (void)state;
    p.user = STR("a b&c");
    p.server = STR("EX, Post");
    package_enrol_link(&p, STR("ABC"), &b);
    assert_true(str_eq(buf_str(&b), STR("tak://com.atakmap.app/enroll?host=10.0.0.5&username=a%20b%26c&token=ABC")));
    b.len = 0;
    p.stream_port = 9089;
    package_enrol_link(&p, STR("ABC"), &b);
    assert_true(str_find(buf_str(&b), STR("host=10.0.0.5%3A9089&")) < b.len);
    b.len = 0;
    package_itak_line(&p, &b);
    assert_true(str_eq(buf_str(&b), STR("EX  Post,10.0.0.5,9089,ssl")));
}

static void words_are_known(void **state)
{
    enum package_for client;

    (void)state;
    for (enum package_for i = PACKAGE_ATAK; i < PACKAGE_COUNT; i++)
        assert_true(package_for_is(str_from(package_word(i)), &client) && client == i);
    assert_false(package_for_is(STR("ATAK"), &client));
    assert_false(package_for_is((struct str){0}, &client));
    assert_false(package_can_enrol(PACKAGE_ITAK));
}

/* ---- as others read them ------------------------------------------------ */

static char *folder;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static int before(void **state)
{
    struct err e;

    (void)state;
    folder = folder_make();
    return secret_start(&e) ? 0 : -1;
}

static int after(void **state)
{
    (void)state;
    (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(folder);
    return 0;
}

static void write_zip(const struct package *p, const char *name)
{
    struct err e;
    size_t len;
    char *bytes;

    if (!package_zip(p, &bytes, &len, &e))
        fail_msg("%s", e.text);
    assert_true(file_write(test_path(folder, name), str_of(bytes, len), 0600, &e));
    free(bytes);
}

/* Opens each zip as a stranger does. */
static const char reader[] =
    "import shutil, subprocess, sys, zipfile, xml.etree.ElementTree as tree\n"
    "for path in sys.argv[2:]:\n"
    "    z = zipfile.ZipFile(path)\n"
    "    assert z.testzip() is None\n"
    "    names = z.namelist()\n"
    "    pref = tree.fromstring(z.read([n for n in names if n.endswith('.pref')][0]))\n"
    "    said = {e.get('key').rstrip('0'): e.text for e in pref.iter('entry')}\n"
    "    if 'itak' in path: assert not any('/' in n for n in names), names\n"
    "    else:\n"
    "        manifest = tree.fromstring(z.read('MANIFEST/manifest.xml'))\n"
    "        listed = {c.get('zipEntry') for c in manifest.iter('Content')}\n"
    "        assert listed == set(names) - {'MANIFEST/manifest.xml'}, (listed, names)\n"
    "    for where, word in (('caLocation', 'caPassword'), ('certificateLocation', 'clientPassword')):\n"
    "        if where not in said:\n"
    "            assert where == 'certificateLocation' and 'enrol' in path\n"
    "            continue\n"
    "        name = [n for n in names if n.split('/')[-1] == said[where].split('/')[1]][0]\n"
    "        file = sys.argv[1] + '/out.p12'\n"
    "        open(file, 'wb').write(z.read(name))\n"
    "        shown = subprocess.run(['openssl', 'pkcs12', '-legacy', '-in', file, '-nodes', '-passin',\n"
    "            'pass:' + said[word]], check=True, capture_output=True).stdout\n"
    "        assert (b'PRIVATE KEY' in shown) == (where == 'certificateLocation')\n"
    "        if shutil.which('keytool'):\n"
    "            kept = subprocess.run(['keytool', '-list', '-keystore', file, '-storetype', 'PKCS12', '-storepass',\n"
    "                said[word]], check=True, capture_output=True).stdout\n"
    "            want = b'PrivateKeyEntry' if where == 'certificateLocation' else b'trustedCertEntry'\n"
    "            assert want in kept, kept\n";

static void others_open_them(void **state)
{
    static struct pki_bundle key, trust;
    struct pki_wanted q = {"rgr-3", 10, PKI_LEGACY | PKI_RSA};
    struct pki_made ca;
    char line[1024];
    struct err e;

    (void)state;
    assert_true(pki_prepare(folder, clock_wall_ms(), &ca, &e));
    assert_true(pki_client_p12(folder, &q, clock_wall_ms(), &key, &e));
    assert_true(pki_trust_p12(folder, "atakatak", PKI_LEGACY, &trust, &e));
    assert_true(key.made.not_after_ms > clock_wall_ms() && strlen(key.made.serial) > 8);
    for (enum package_for client = PACKAGE_ATAK; client < PACKAGE_COUNT; client++)
        for (int i = 0; i < 2; i++) {
            struct package p = example(client, i);
            char name[64];

            p.trust = str_of(trust.p12, trust.len);
            p.key = i ? str_of(key.p12, key.len) : (struct str){0};
            p.key_password = str_from(key.made.password);
            (void)snprintf(name, sizeof name, "%s-%s.zip", package_word(client), i ? "key" : "enrol");
            write_zip(&p, name);
        }
    assert_true(file_write(test_path(folder, "read.py"), STR(reader), 0600, &e));
    (void)snprintf(line, sizeof line, "python3 %s/read.py %s %s/*.zip", folder, folder, folder);
    assert_int_equal(system(line), 0);
}

static void a_name_that_a_certificate_cannot_have_is_refused(void **state)
{
    static struct pki_bundle key;
    struct pki_wanted q = {"../rgr", 10, PKI_LEGACY};
    struct pki_made ca;
    struct err e;

    (void)state;
    assert_true(pki_prepare(folder, clock_wall_ms(), &ca, &e));
    assert_false(pki_client_p12(folder, &q, clock_wall_ms(), &key, &e));
    assert_int_equal(e.kind, ERR_INPUT);
    assert_int_equal(key.len, 0);
}

static void the_same_package_has_the_same_bytes(void **state)
{
    struct package p = example(PACKAGE_WINTAK, true);
    char *bytes[2];
    size_t len[2];
    struct err e;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_true(package_zip(&p, &bytes[i], &len[i], &e));
    assert_int_equal(len[0], len[1]);
    assert_memory_equal(bytes[0], bytes[1], len[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void names_that_do_not_fit_are_refused(void **state)
{
    static char name[PACKAGE_TEXT_MAX];
    struct package p = example(PACKAGE_ATAK, true);
    char *bytes;
    size_t len;
    struct err e;

    (void)state;
    memset(name, 'x', sizeof name);
    p.server = str_of(name, sizeof name);
    assert_false(package_zip(&p, &bytes, &len, &e));
    assert_int_equal(e.kind, ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_golden),
        cmocka_unit_test(ports_that_differ_are_told),
        cmocka_unit_test(links_are_escaped),
        cmocka_unit_test(words_are_known),
        cmocka_unit_test_setup_teardown(others_open_them, before, after),
        cmocka_unit_test_setup_teardown(a_name_that_a_certificate_cannot_have_is_refused, before, after),
        cmocka_unit_test(the_same_package_has_the_same_bytes),
        cmocka_unit_test(names_that_do_not_fit_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
