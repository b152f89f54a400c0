/* Missions: who may what, which names there are, what phones are told. */
#include "core/mission_event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void test_every_role_and_permission(void **state)
{
    static const struct {
        const char *permission;
        bool owner, subscriber, readonly;
    } rows[] = {
        {"MISSION_READ", true, true, true},          {"MISSION_WRITE", true, true, false},
        {"MISSION_DELETE", true, false, false},      {"MISSION_SET_ROLE", true, false, false},
        {"MISSION_SET_PASSWORD", true, false, false}, {"MISSION_UPDATE_GROUPS", true, false, false},
        {"MISSION_MANAGE_FEEDS", true, false, false}, {"MISSION_MANAGE_LAYERS", true, false, false},
    };

    (void)state;
    assert_int_equal(1u << COUNTOF(rows), MISSION_MAY_END);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        unsigned bit = 1u << i;

        assert_string_equal(mission_permission_word(bit), rows[i].permission);
        assert_int_equal((mission_role_may(MISSION_OWNER) & bit) != 0, rows[i].owner);
        assert_int_equal((mission_role_may(MISSION_SUBSCRIBER) & bit) != 0, rows[i].subscriber);
        assert_int_equal((mission_role_may(MISSION_READONLY) & bit) != 0, rows[i].readonly);
        assert_int_equal(mission_role_may(MISSION_NOBODY) & bit, 0);
    }
    for (enum mission_role a = MISSION_NOBODY; a < MISSION_ROLES; a++)
        for (enum mission_role b = MISSION_NOBODY; b < MISSION_ROLES; b++)
            assert_int_equal(mission_role_covers(a, b), b == MISSION_NOBODY || (a != MISSION_NOBODY && a <= b));
    for (enum mission_role r = MISSION_OWNER; r < MISSION_ROLES; r++)
        assert_int_equal(mission_role_of(str_from(mission_role_word(r))), r);
    assert_int_equal(mission_role_of(STR("mission_owner")), MISSION_NOBODY);
    assert_int_equal(mission_role_of(STR("")), MISSION_NOBODY);
}

static void test_every_change_has_its_word(void **state)
{
    (void)state;
    for (enum mission_change c = MISSION_CREATED; c < MISSION_CHANGES; c++) {
        const struct mission_change_info *info = mission_change_info(c);

        assert_true(info->word && info->word[0]);
        assert_int_equal(mission_change_of(str_from(info->word)), c);
        assert_true(info->needs < MISSION_MAY_END);
    }
    for (enum mission_key k = MISSION_DESCRIPTION; k < MISSION_KEYS; k++)
        assert_true(mission_key_word(k)[0]);
    assert_int_equal(mission_change_of(STR("nothing")), MISSION_NO_CHANGE);
}

static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool fits;
    } rows[] = {
        {"EX mission", true},
        {"EX \xC3\xA9t\xC3\xA9", true},                       /* one code point */
        {"EX e\xCC\x81te\xCC\x81", true},                     /* the same to the eye: another name */
        {"\xD8\xAA\xD8\xB1\xD8\xA8\xDB\x8C\xD8\xAA", true},   /* Urdu */
        {"\xF0\x9F\x9A\x92", true},                           /* a fire engine */
        {"EX.(1)!=@#$&^*_-+[]{}:,|", true},
        {"", false},
        {" ", false},
        {" EX", false},
        {"EX\xC2\xA0", false},
        {"EX\xE2\x80\x83", false},
        {".", false},
        {"..", false},
        {"a/b", false},
        {"../../etc/passwd", false},
        {"a\\b", false},
        {"guid", false},
        {"all", false},
        {"logs", false},
        {"invitations", false},
        {"EX\n", false},
        {"EX\x7F", false},
        {"EX\xC2\x85", false},                                /* NEL */
        {"EX\xE2\x80\xAEtxt", false},                         /* right-to-left override */
        {"EX\xE2\x81\xA6x", false},                           /* an isolate */
        {"EX\xE2\x80\x8B", false},                            /* zero width */
        {"EX\xEF\xBB\xBF", false},                            /* BOM */
        {"EX\xC2\xAD", false},                                /* soft hyphen */
        {"EX\xF3\xA0\x80\xA1", false},                        /* a tag character */
        {"EX\xEF\xBF\xBF", false},                            /* U+FFFF */
        {"EX\xEE\x80\x80", false},                            /* private use */
        {"EX\xE3\x85\xA4", false},                            /* Hangul filler: looks empty */
        {"EX\xC0\xAF", false},                                /* an overlong slash */
        {"EX\xED\xA0\x80", false},                            /* a surrogate */
        {"EX\xFF", false},
    };
    char longest[MISSION_NAME_MAX + 2];
    struct err e;

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        e.text[0] = 0;
        if (mission_name_fits(str_from(rows[i].name), &e) != rows[i].fits)
            fail_msg("row %zu, \"%s\": %s", i, rows[i].name, e.text);
        if (!rows[i].fits)
            assert_int_equal(e.kind, ERR_INPUT);
    }
    assert_false(mission_name_fits(str_of("a\0b", 3), &e));
    memset(longest, 'x', sizeof longest);
    assert_true(mission_name_fits(str_of(longest, MISSION_NAME_MAX), &e));
    assert_false(mission_name_fits(str_of(longest, MISSION_NAME_MAX + 1), &e));
}

static void test_names_are_compared_as_the_peers_do(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"EX One", "ex one", true},
        {"EX One", " EX One\t", true},
        {"EX One", "\xC2\xA0" "EX One\xE3\x80\x80", true},
        {"EX One", "EX  One", false},
        {"EX \xC3\x89t\xC3\xA9", "EX \xC3\xA9t\xC3\xA9", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char x[64], y[64];
        struct buf a = buf_over(x, sizeof x), b = buf_over(y, sizeof y);

        mission_name_fold(&a, str_from(rows[i].a));
        mission_name_fold(&b, str_from(rows[i].b));
        if (str_eq(buf_str(&a), buf_str(&b)) != rows[i].same)
            fail_msg("row %zu", i);
    }
    assert_int_equal(mission_name_trim(STR(" \xC2\xA0 ")).len, 0);
}

static void test_guids_and_hashes(void **state)
{
    char guid[MISSION_GUID_LEN + 1], hash[65];

    (void)state;
    assert_true(mission_guid_read(STR("{0FB9D4A2-0000-4000-8000-00000000ABCD}"), guid));
    assert_string_equal(guid, "0fb9d4a2-0000-4000-8000-00000000abcd");
    assert_false(mission_guid_read(STR("0fb9d4a2-0000-4000-8000-00000000abc"), guid));
    assert_false(mission_guid_read(STR("0fb9d4a2_0000-4000-8000-00000000abcd"), guid));
    assert_false(mission_guid_read(STR("gfb9d4a2-0000-4000-8000-00000000abcd"), guid));
    assert_true(mission_hash_read(STR("ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789"), hash));
    assert_int_equal(hash[0], 'a');
    assert_false(mission_hash_read(STR("abc"), hash));
}

static void test_layers_and_invites_have_their_words(void **state)
{
    static const char *const layers[] = {"GROUP", "UID", "CONTENTS", "MAPLAYER", "ITEM"},
                      *const invites[] = {"clientUid", "callsign", "userName", "group", "team"},
                      *const neither[] = {"", "uid", "GROUPS", "ClientUid", "MISSION"};

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(mission_layer_word(str_from(layers[i])), layers[i]);
        assert_string_equal(mission_invite_word(str_from(invites[i])), invites[i]);
        assert_null(mission_layer_word(str_from(neither[i])));
        assert_null(mission_invite_word(str_from(neither[i])));
    }
    assert_string_equal(mission_permission_word(3), ""); /* two at once are no permission */
}

static void test_keys_are_pairs(void **state)
{
    char bytes[512];
    struct buf b = buf_over(bytes, sizeof bytes);
    struct str value;

    (void)state;
    mission_put_key(&b, MISSION_DESCRIPTION, STR("tool"));
    mission_put_key(&b, MISSION_TOOL, STR("public"));
    assert_true(mission_get_key(buf_str(&b), MISSION_TOOL, &value));
    assert_true(str_eq(value, STR("public")));
    assert_true(mission_get_key(buf_str(&b), MISSION_DESCRIPTION, &value));
    assert_true(str_eq(value, STR("tool")));
    assert_false(mission_get_key(buf_str(&b), MISSION_PATH, &value));
}

static const char marker[] =
    "<event version=\"2.0\" uid=\"EX-1\" type=\"a-h-G\" how=\"h-g-i-g-o\" time=\"2026-01-02T03:04:05.678Z\""
    " start=\"2026-01-02T03:04:05.678Z\" stale=\"2026-01-03T03:04:05.678Z\"><point lat=\"31.5\" lon=\"74.25\" hae=\"0\""
    " ce=\"1\" le=\"1\"/><detail><contact callsign=\"EX &lt;one&gt;\"/><usericon iconsetpath=\"a/b/c.png\"/>"
    "<color argb=\"-65536\"/><color argb=\"1\"/></detail></event>";

static void test_a_change_is_told_with_its_details(void **state)
{
    static char bytes[4096], scratch_bytes[4096], detail_bytes[4096], xml_bytes[8192], back_bytes[8192];
    struct buf b = buf_over(bytes, sizeof bytes), scratch = buf_over(scratch_bytes, sizeof scratch_bytes);
    struct buf detail = buf_over(detail_bytes, sizeof detail_bytes), xml = buf_over(xml_bytes, sizeof xml_bytes);
    struct buf back = buf_over(back_bytes, sizeof back_bytes);
    struct mission_item i;
    struct mission_event m = {.told = MISSION_TOLD_CONTENT, .uid = STR("EX-m-1"), .name = STR("EX \"m\" & co"),
                              .guid = STR("0fb9d4a2-0000-4000-8000-00000000abcd"), .creator = STR("EX-phone"),
                              .tool = STR("public"), .item = &i};
    struct cot c, read;
    struct err e;

    (void)state;
    fields_put(&b, FIELD_MISSION_CHANGE, STR("uid.put"));
    fields_put(&b, FIELD_MISSION_CREATOR, STR("EX-phone"));
    fields_put(&b, FIELD_UID, STR("EX-1"));
    fields_put(&b, FIELD_MISSION_COT, str_from(marker));
    mission_item_read(buf_str(&b), &scratch, &i);
    i.at_ms = INT64_C(1767323045678);
    assert_true(str_eq(i.callsign, STR("EX <one>")));
    assert_true(str_eq(i.iconset, STR("a/b/c.png")));
    assert_true(str_eq(i.color, STR("-65536")));
    assert_true(i.has_point && i.lat == 31.5 && i.lon == 74.25);
    mission_event(&c, &m, 1767323045678, &detail);
    cot_to_xml(&c, &xml);
    assert_false(detail.full || xml.full);
    assert_true(cot_from_xml(buf_str(&xml), &back, &read, &e));
    assert_true(str_eq(read.type, STR("t-x-m-c")));
    assert_true(str_eq(
        read.detail,
        STR("<mission type=\"CHANGE\" tool=\"public\" name=\"EX &quot;m&quot; &amp; co\""
            " guid=\"0fb9d4a2-0000-4000-8000-00000000abcd\" authorUid=\"EX-phone\"><MissionChanges><MissionChange>"
            "<contentUid>EX-1</contentUid><creatorUid>EX-phone</creatorUid><details type=\"a-h-G\""
            " callsign=\"EX &lt;one&gt;\" color=\"-65536\" iconsetPath=\"a/b/c.png\"><location lat=\"31.5\""
            " lon=\"74.25\"></location></details><isFederatedChange>false</isFederatedChange>"
            "<missionGuid>0fb9d4a2-0000-4000-8000-00000000abcd</missionGuid><missionName>EX &quot;m&quot; &amp; co"
            "</missionName><timestamp>2026-01-02T03:04:05.678Z</timestamp><type>ADD_CONTENT</type></MissionChange>"
            "</MissionChanges></mission>")));
}

static void test_an_item_that_cannot_be_read_is_one_all_the_same(void **state)
{
    static const char *const cots[] = {"", "<event", "no event", "<event version=\"2.0\"></event>"};
    char bytes[512], scratch_bytes[512];

    (void)state;
    for (size_t k = 0; k < COUNTOF(cots); k++) {
        struct buf b = buf_over(bytes, sizeof bytes), scratch = buf_over(scratch_bytes, sizeof scratch_bytes);
        struct mission_item i;

        fields_put(&b, FIELD_MISSION_CHANGE, STR("uid.put"));
        fields_put(&b, FIELD_UID, STR("EX-1"));
        fields_put(&b, FIELD_MISSION_COT, str_from(cots[k]));
        mission_item_read(buf_str(&b), &scratch, &i);
        assert_true(str_eq(i.uid, STR("EX-1")));
        assert_false(i.has_point);
    }
}

static void test_each_kind_of_telling(void **state)
{
    static const struct {
        enum mission_told told;
        const char *type, *word;
    } rows[] = {
        {MISSION_TOLD_CREATED, "t-x-m-n", "CREATE"},         {MISSION_TOLD_DELETED, "t-x-m-d", "DELETE"},
        {MISSION_TOLD_METADATA, "t-x-m-c-m", "CHANGE"},      {MISSION_TOLD_KEYWORDS, "t-x-m-c-k", "CHANGE"},
        {MISSION_TOLD_CONTENT, "t-x-m-c", "CHANGE"},         {MISSION_TOLD_UID_KEYWORDS, "t-x-m-c-k-u", "CHANGE"},
        {MISSION_TOLD_FILE_KEYWORDS, "t-x-m-c-k-c", "CHANGE"}, {MISSION_TOLD_LOG, "t-x-m-c-l", "CHANGE"},
        {MISSION_TOLD_EXTERNAL, "t-x-m-c-e", "CHANGE"},      {MISSION_TOLD_LAYER, "t-x-m-c-h", "CHANGE"},
        {MISSION_TOLD_INVITED, "t-x-m-i", "INVITE"},         {MISSION_TOLD_ROLE, "t-x-m-r", "INVITE"},
    };

    (void)state;
    assert_int_equal(COUNTOF(rows), MISSION_TOLD_COUNT - 1);
    for (size_t i = 0; i < COUNTOF(rows); i++) {
        char text[2048], word[64];
        struct buf detail = buf_over(text, sizeof text);
        struct mission_event m = {.told = rows[i].told, .uid = STR("EX-m"), .name = STR("EX"), .guid = STR("g"),
                                  .creator = STR("EX-phone"), .token = STR("EX-token"), .role = MISSION_READONLY};
        struct cot c;

        mission_event(&c, &m, 0, &detail);
        (void)snprintf(word, sizeof word, "<mission type=\"%s\" ", rows[i].word);
        assert_true(str_eq(c.type, str_from(rows[i].type)));
        assert_true(str_starts(c.detail, str_from(word)));
        assert_true(str_ends(c.detail, STR("<role type=\"MISSION_READONLY_SUBSCRIBER\"><permissions>"
                                           "<permission type=\"MISSION_READ\"></permission></permissions></role>"
                                           "</mission>")));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_role_and_permission),
        cmocka_unit_test(test_every_change_has_its_word),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_are_compared_as_the_peers_do),
        cmocka_unit_test(test_guids_and_hashes),
        cmocka_unit_test(test_layers_and_invites_have_their_words),
        cmocka_unit_test(test_keys_are_pairs),
        cmocka_unit_test(test_a_change_is_told_with_its_details),
        cmocka_unit_test(test_an_item_that_cannot_be_read_is_one_all_the_same),
        cmocka_unit_test(test_each_kind_of_telling),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
