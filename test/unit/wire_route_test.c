#include "wire/cot.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>

static char value_bytes[LIMIT_EVENT_IN], detail_bytes[LIMIT_EVENT_IN];

static bool route(const char *detail, struct cot_routing *r, struct err *e)
{
    static char xml[LIMIT_EVENT_IN];
    struct buf values = buf_over(value_bytes, sizeof(value_bytes));
    struct buf scratch = buf_over(detail_bytes, sizeof(detail_bytes));
    struct cot c;

    (void)snprintf(xml, sizeof(xml),
                   "<event uid='U' type='b-t-f' time='2026-01-02T03:04:05Z'"
                   " start='2026-01-02T03:04:05Z' stale='2026-01-02T03:04:05Z'>"
                   "<point lat='0' lon='0'/><detail>%s</detail></event>", detail);
    if (!cot_from_xml(str_from(xml), &values, &c, e))
        fail_msg("%s: %s", detail, e->text);
    return cot_route(&c, &scratch, r, e);
}

static void is(struct str got, const char *want)
{
    if (!str_eq(got, str_from(want)))
        fail_msg("got  %.*s\n want %s", STR_ARG(got), want);
}

static void finds_dests(void **state)
{
    static struct cot_routing r;
    struct err e;

    (void)state;
    assert_true(route("<marti archive='false'><dest callsign='R&amp;1'/><dest uid='U2'/>"
                      "<dest mission='M' path='p' after='q'/><dest mission-guid='G'/>"
                      "<dest group='Blue'/><dest publish='P'/><dest><callsign/></dest><dest/>"
                      "<dest callsign='A' uid='B'/></marti><dest uid='outside'/>"
                      "<x><marti><dest uid='deep'/></marti></x>", &r, &e));
    assert_int_equal(r.dest_count, 8);
    is(r.dests[0].name, "R&1");
    is(r.dests[1].name, "U2");
    is(r.dests[2].name, "M");
    is(r.dests[6].name, "A");
    is(r.dests[7].name, "B");
    assert_int_equal(r.dests[0].kind, DEST_CALLSIGN);
    assert_int_equal(r.dests[1].kind, DEST_UID);
    assert_int_equal(r.dests[2].kind, DEST_MISSION);
    assert_int_equal(r.dests[3].kind, DEST_MISSION_GUID);
    assert_int_equal(r.dests[4].kind, DEST_GROUP);
    assert_int_equal(r.dests[5].kind, DEST_PUBLISH);
    assert_true(r.marti_archive_false);
    assert_false(r.to_all || r.is_chat || r.has_emergency);
    assert_true(route("<marti><dest callsign='All Streaming'/></marti>", &r, &e));
    assert_true(r.to_all);
    assert_int_equal(r.dest_count, 0);
    assert_true(route("", &r, &e));
    assert_int_equal(r.dest_count, 0);
}

static void finds_chat(void **state)
{
    static struct cot_routing r;
    struct err e;

    (void)state;
    assert_true(route("<__chat id='room' chatroom='Room &quot;1&quot;' messageId='m1' senderCallsign='R1'"
                      " parent='RootContactGroup'><chatgrp uid2='c' id='room' uid0='a' uid10='d'"
                      " uid1='b' uidx='no'/></__chat><link type='a-f-G'/>"
                      "<link uid='a' type='a-f-G-U-C' relation='p-p'/><link uid='z'/>"
                      "<remarks source='s'>a &lt;b&gt;<![CDATA[ & c]]><!-- no --> d\r\n<x>no</x>e</remarks>"
                      "<remarks>second</remarks>", &r, &e));
    assert_true(r.is_chat);
    is(r.chat_id, "room");
    is(r.chat_room, "Room \"1\"");
    is(r.chat_message_id, "m1");
    is(r.chat_sender, "R1");
    assert_int_equal(r.chat_member_count, 4);
    is(r.chat_members[0], "a");
    is(r.chat_members[1], "b");
    is(r.chat_members[2], "c");
    is(r.chat_members[3], "d");
    is(r.link_uid, "a");
    is(r.link_type, "a-f-G-U-C");
    is(r.link_relation, "p-p");
    is(r.remarks, "a <b> & c d\ne");
    assert_true(route("<__chatreceipt id='i' messageId='m'><chatgrp uid0='a'/></__chatreceipt>"
                      "<remarks/><remarks>second</remarks>", &r, &e));
    assert_true(r.is_chat && r.chat_member_count == 1);
    is(r.chat_message_id, "m");
    is(r.remarks, "");
    assert_true(route("<remarks>plain</remarks>", &r, &e));
    is(r.remarks, "plain");
}

static void finds_the_rest(void **state)
{
    static struct cot_routing r;
    struct err e;

    (void)state;
    assert_true(route("<emergency type='911 Alert' cancel='false'>R<![CDATA[1]]></emergency><archive/>"
                      "<__forcedelete/><_medevac_ title='m'/>"
                      "<fileshare filename='f.zip' name='n' sha256='abc' senderUrl='https://h/x' sizeInBytes='7'/>"
                      "<TakControl><TakRequest version='1'/></TakControl>", &r, &e));
    assert_true(r.has_emergency && !r.emergency_cancel && r.archive && r.force_delete && r.has_medevac);
    is(r.emergency_type, "911 Alert");
    is(r.emergency_text, "R1");
    is(r.fileshare_name, "f.zip");
    is(r.fileshare_sha256, "abc");
    is(r.fileshare_url, "https://h/x");
    is(r.fileshare_size, "7");
    is(r.tak_version, "1");
    assert_true(route("<emergency cancel='true'/><fileshare name='n' sha256='a'/><x><archive/></x>"
                      "<TakRequest version='1'/>", &r, &e));
    assert_true(r.has_emergency && r.emergency_cancel && !r.archive);
    is(r.fileshare_name, "n");
    assert_int_equal(r.tak_version.len, 0);
}

static void keeps_limits(void **state)
{
    static char detail[LIMIT_EVENT_IN / 2];
    static struct cot_routing r;
    struct cot c = {.detail = STR("<a/>")};
    struct buf small = buf_over(detail, 3);
    struct err e;

    (void)state;
    for (int n = LIMIT_DESTS; n <= LIMIT_DESTS + 1; n++) {
        struct buf b = buf_over(detail, sizeof(detail));

        buf_put(&b, STR("<marti>"));
        for (int i = 0; i < n; i++)
            buf_fmt(&b, "<dest uid='%d'/>", i);
        buf_put(&b, STR("</marti>\0"));
        assert_int_equal(route(detail, &r, &e), n == LIMIT_DESTS);
        b.len = 0;
        buf_put(&b, STR("<__chat><chatgrp"));
        for (int i = n; i-- > 0;)
            buf_fmt(&b, " uid%d='%d'", i, i);
        buf_put(&b, STR("/></__chat>\0"));
        assert_int_equal(route(detail, &r, &e), n == LIMIT_DESTS);
        if (n == LIMIT_DESTS)
            is(r.chat_members[LIMIT_DESTS - 1], "127");
    }
    assert_int_equal(e.kind, ERR_FULL);
    assert_false(cot_route(&c, &small, &r, &e));
    assert_int_equal(e.kind, ERR_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_dests),
        cmocka_unit_test(finds_chat),
        cmocka_unit_test(finds_the_rest),
        cmocka_unit_test(keeps_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
