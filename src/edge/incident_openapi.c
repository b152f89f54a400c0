/* JSON in this file is written with ' in the place of ", and the shapes of answers in a short form:
 *
 *   "name type, name? type, ..."    a name with ? may be left out
 *   s text   i whole number   n number   b true or false   t RFC 3339 time   m ms since 1970   o object
 *   .name    as the field of incident_field.def with that JSON name        Upper    the shape of that name
 *   *type    a list   %type an object of any names with such values   type? or null   =a/b/c one of those */
#include "edge/incident_openapi.h"

#include "core/incident_access.h"
#include "edge/incident_json.h"
#include "edge/incident_views.h"

#include <inttypes.h>

enum { PAIR_MOST = 1000000 };

/* A call: who "all", "in" (logged in) or "post" (logged in, with the session's token). */
static const struct call {
    const char *method, *path, *summary, *who;
    const char *query;   /* in the short form */
    const char *takes;   /* a shape, a media type when it has a '/', NULL: no body */
    const char *answers; /* a shape, a media type when it has a '/', NULL: 204 without a body */
    const char *refuses; /* statuses, with problem details */
} calls[] = {
    {"get", "/healthz", "Is the server well? 503 with the reasons when not", "all", "", NULL, "Health", ""},
    {"get", "/metrics", "Prometheus text, for the machine itself or an administrator", "in", "", NULL, "text/plain",
     "401,403"},
    {"get", "/api/openapi.json", "This document", "all", "", NULL, "application/json", ""},
    {"get", "/api/marti-openapi.json", "The same of the calls of TAK clients", "all", "", NULL, "application/json", ""},
    {"get", "/api/session", "Who is logged in, and the token for POST", "all", "", NULL, "Session", ""},
    {"post", "/api/setup", "Makes the first administrator and logs in", "all", "", "Setup", "Session",
     "400,403,409,415,429,503"},
    {"post", "/api/login", "Logs in: sets the cookie", "all", "", "Login", "Session", "400,401,403,415,429,503"},
    {"post", "/api/logout", "Ends the session", "post", "", NULL, NULL, "401,403,415,503"},
    {"get", "/api/operators", "Who has an account, without secrets; for administrators", "in", "", NULL, "Operators",
     "401,403"},
    {"post", "/api/operators", "Makes an account; for administrators", "post", "", "NewOperator", "Recorded",
     "400,401,403,409,415,503"},
    {"post", "/api/operators/{name}/change", "Changes an account; for administrators", "post", "", "OperatorChange",
     "Recorded", "400,401,403,404,409,415,503"},
    {"get", "/api/invites", "Invites, and what is needed to make one; for who welcomes phones", "in", "", NULL,
     "Invites", "401,403,503"},
    {"post", "/api/invites", "Makes an invite; its token is told here alone", "post", "", "NewInvite", "MadeInvite",
     "400,401,403,415,503"},
    {"post", "/api/invites/batch", "Makes an invite of one use for each name: all or none", "post", "", "NewInvites",
     "MadeInvites", "400,401,403,415,503"},
    {"post", "/api/invites/{id}/end", "Nobody joins by it any more", "post", "", NULL, "InviteEnded",
     "401,403,404,409,415,503"},
    {"get", "/api/invites/{id}/qr.svg", "Its code, in the session that made it", "in", "kind? =page/atak/itak", NULL,
     "image/svg+xml", "401,403,404,503"},
    {"get", "/api/devices", "Enrolled devices, the newest first; for who welcomes phones", "in", "", NULL, "Devices",
     "401,403"},
    {"post", "/api/devices/admit", "Admits those that are named", "post", "", "Serials", "Admitted",
     "400,401,403,415,503"},
    {"post", "/api/devices/{serial}/admit", "Admits one", "post", "", NULL, "Admitted", "401,403,404,415,503"},
    {"post", "/api/devices/{serial}/revoke", "Revokes its certificate and closes what is open; for administrators",
     "post", "", NULL, "Revoked", "401,403,404,415,503"},
    {"get", "/api/users", "Users of the TAK side, without secrets; for administrators", "in", "", NULL, "Users",
     "401,403"},
    {"post", "/api/users", "Makes a user or changes his password; for administrators", "post", "", "NewUser",
     "MadeUser", "400,401,403,415,503"},
    {"get", "/join.css", "The style of the page of an invite", "all", "", NULL, "text/css", ""},
    {"get", "/join.woff2", "Its letters for Urdu", "all", "", NULL, "font/woff2", "404"},
    {"get", "/join/{token}", "The page of an invite: three steps for each client", "all", "", NULL, "text/html",
     "404,429,503"},
    {"get", "/join/{token}/package-{client}.zip", "A package to enrol with, without a key; uses nothing up", "all", "",
     NULL, "application/zip", "404,429,503"},
    {"post", "/join/{token}/package-{client}.zip", "A package with a key and certificate made now; one use", "all", "",
     NULL, "application/zip", "404,409,429,503"},
    {"post", "/api/chat", "Says a line of chat; answered once it is on the disk", "post", "", "Chat", "Recorded",
     "400,401,403,404,415,503"},
    {"post", "/api/emergencies/{uid}/acknowledge", "Acknowledges an emergency", "post", "", "Acknowledge", "Recorded",
     "400,401,403,404,415,503"},
    {"get", "/api/events", "Entries of the record, oldest first", "in",
     "after? i, before? i, limit? i, kinds? s, as? s", NULL, "RiverEvents", "400,401,403,503"},
    {"get", "/api/clients", "The connected TAK clients", "in", "", NULL, "*Client", "401,403"},
    {"get", "/api/clients/inputs", "The other ways in, with where it came from and how much was refused", "in", "",
     NULL, "Inputs", "401,403"},
    {"post", "/api/admin/inputs", "Another way in, by the words of cordon input add; for administrators", "post", "",
     "NewInput", "MadeInput", "400,401,403,415,503"},
    {"post", "/api/admin/inputs/{name}/close", "Closes one that was made so", "post", "", NULL, NULL,
     "401,403,404,415,503"},
    {"get", "/api/admin/record", "The record's size, head and witness, the last check, the backups", "in", "", NULL,
     "RecordState", "401,403,503"},
    {"post", "/api/admin/record/verify", "Begins to check the whole chain", "post", "", NULL, "CareJob",
     "401,403,409,415,503"},
    {"post", "/api/admin/backups", "Begins to write a backup into the folder backups", "post", "", NULL, "CareJob",
     "401,403,409,415,503"},
    {"get", "/api/admin/backups/{name}/{file}", "A file of a backup's record; never one of its keys", "in", "", NULL,
     "application/octet-stream", "401,403,404"},
    {"post", "/api/admin/backups/{name}/delete", "Deletes a backup", "post", "", NULL, NULL, "401,403,404,409,415,503"},
    {"get", "/api/admin/disk", "What is free, what uses it, how fast it fills", "in", "", NULL, "DiskState",
     "401,403,503"},
    {"get", "/api/admin/clocks", "Who keeps the clock, and the phones whose time is more than 5 s off", "in", "", NULL,
     "Clocks", "401,403"},
    {"get", "/api/admin/about", "Version, addresses, certificates", "in", "", NULL, "About", "401,403"},
    {"get", "/api/admin/maps", "The files in the folder maps, also those on their way", "in", "", NULL, "MapFiles",
     "401,403"},
    {"post", "/api/admin/maps/{name}", "The next piece of a map; with the last one it is looked at and counts", "post",
     "offset? i, size i", "application/octet-stream", "MapPiece", "400,401,403,409,411,503,507"},
    {"post", "/api/admin/maps/{name}/delete", "Deletes a map", "post", "", NULL, NULL, "400,401,403,404,415"},
    {"post", "/api/users/{name}/groups", "Groups, agency and role of a TAK user; for administrators", "post", "",
     "UserGroups", "Done", "400,401,403,404,415,503,507"},
    {"get", "/api/incidents/{id}/sharing", "What agencies let each other hear, and the rules", "in", "", NULL,
     "Sharing", "401,403,404,503"},
    {"post", "/api/incidents/{id}/sharing/propose", "Proposes a rule between agencies; for commander and deputy",
     "post", "", "NewSharing", "ProposedSharing", "400,401,403,404,409,415,503,507"},
    {"post", "/api/incidents/{id}/sharing/confirm", "Confirms it, by another or with its consequence; counts then",
     "post", "", "ConfirmSharing", "Done", "400,401,403,404,409,415,503,507"},
    {"get", "/api/maps", "The maps in the data folder", "in", "", NULL, "*Map", "401"},
    {"get", "/t/{name}/{z}/{x}/{y}", "One tile of a map; 204 when there is none", "in", "", NULL,
     "application/octet-stream", "400,401,404"},
    {"get", "/api/machine", "Disk, battery and clock of this machine, its addresses and ports; not for observers", "in",
     "", NULL, "Machine", "401,403"},
    {"get", "/api/practice", "The practice beside this server", "in", "", NULL, "Practice", "401"},
    {"post", "/api/practice", "Starts the reference exercise in a folder of its own; for commanders and administrators",
     "post", "", "NewPractice", "Practice", "400,401,403,409,415,503"},
    {"post", "/api/practice/join", "Sets the cookie of the practice's page", "post", "", NULL, "Practice",
     "401,403,409,415,503"},
    {"post", "/api/practice/end", "Ends it; for commanders and administrators", "post", "", NULL, "Practice",
     "401,403,409,415"},
    {"post", "/api/events/{seq}/erase", "Destroys the text of one entry for good; for a commander, and itself an event",
     "post", "", "Erase", "Recorded", "400,401,403,404,409,415,503"},
    {"get", "/api/incidents", "All incidents, newest first", "in", "", NULL, "Incidents", "401"},
    {"post", "/api/incidents", "Opens an incident: a command of kind incident.opened", "post", "", "Command", "Done",
     "400,401,403,409,415,503,507"},
    {"post", "/api/incidents/{id}/commands", "A command; answered once its events are on the disk", "post", "",
     "Command", "Done", "400,401,403,404,409,415,503,507"},
    {"post", "/api/incidents/{id}/import", "A map, claims or commands of up to 8 MiB: all or nothing; 202: it goes on",
     "post",
     "structure? s, name? s, scheme? s, level_missing? s, doors? s, exists? i, claims? i, until? t, dry_run? i",
     "ImportFile", "Imported", "400,401,403,404,409,413,415,503,507"},
    {"get", "/api/incidents/{id}/imports/{import}", "What became of an import that was answered with 202", "in", "",
     NULL, "ImportOutcome", "401,403,404"},
    {"post", "/api/incidents/{id}/promote", "A drawing or marker on the map becomes a cordon, a closure, a zone ...",
     "post", "", "Promote", "Done", "400,401,403,404,409,415,503,507"},
    {"get", "/api/incidents/{id}/geojson", "The places in force, for maps of others (RFC 7946)", "in",
     "at? t, seq? i, level? s, as? s", NULL, "application/geo+json", "400,401,404"},
    {"get", "/api/incidents/{id}/state", "What is known, now or as it stood at a time or event", "in",
     "at? t, seq? i, kinds? s, cite? i, as? s", NULL, "State", "400,401,404"},
    {"get", "/api/incidents/{id}/views/{name}", "One view, now or of a past moment", "in", "at? t, seq? i, as? s", NULL,
     "View", "400,401,403,404"},
    {"get", "/api/incidents/{id}/past", "A moment whole, entities and views, also as a role saw it", "in",
     "at? t, seq? i, since? i, as? s", NULL, "Past", "400,401,404,503"},
    {"get", "/api/incidents/{id}/timeline", "What happened when, and the figures over time", "in", "as? s", NULL,
     "Timeline", "400,401,404,503"},
    {"get", "/api/tracks", "Where units were, in binary (web-protocol.md): at a time, or over a span", "in",
     "at? t, back? i, from? t, to? t, every? i, as? s", NULL, "application/octet-stream", "400,401,403,503"},
    {"get", "/api/incidents/{id}/events", "The incident's own events", "in",
     "after? i, before? i, limit? i, kinds? s, as? s", NULL, "Events", "400,401,404"},
    {"post", "/api/identities/{tag}/seal", "Seals who a casualty is: two holders, two passphrases", "post", "",
     "SealIdentity", "Recorded", "400,401,403,409,415,429,503"},
    {"post", "/api/identities/{tag}/open", "Opens it by both holders; given once the opening is on the disk", "post",
     "", "OpenIdentity", "Identity", "400,401,403,404,409,415,429,503"},
    {"post", "/api/identities/{tag}/destroy", "Destroys it by both holders, for good", "post", "", "OpenIdentity",
     "Recorded", "400,401,403,404,409,415,429,503"},
    {"get", "/api/incidents/{id}/export", "Every event, or those of a span, a line each; is itself an event", "in",
     "from? t, to? t", NULL, "application/x-ndjson", "400,401,403,404,503"},
    {"get", "/api/files", "The files of phones and of the post, newest first", "in",
     "keywords? s, name? s, tool? s", NULL, "Files", "401,403,503"},
    {"post", "/api/files", "Stores a file; answered once it is in the record", "post",
     "name s, groups? s, keywords? s, tool? s, sha256? s, lat? n, lon? n", "application/octet-stream", "File",
     "400,401,403,411,413,503,507"},
    {"get", "/api/files/{sha256}", "A file, or a range of it", "in", "", NULL, "application/octet-stream",
     "400,401,403,404,416,503"},
    {"delete", "/api/files/{sha256}", "Phones find it no more; its bytes go when nothing refers to them", "post", "",
     NULL, "Recorded", "400,401,403,404,503"},
    {"get", "/api/profiles", "Files that phones are given; for administrators", "in", "", NULL, "Profiles",
     "401,403,503"},
    {"post", "/api/profiles", "Gives phones a file, or changes whom; for administrators", "post", "", "NewProfile",
     "Recorded", "400,401,403,404,415,503"},
    {"delete", "/api/profiles/{id}", "Gives it no more; for administrators", "post", "", NULL, "Recorded",
     "401,403,404,503"},
};

static const struct shape {
    const char *name, *members;
} shapes[] = {
    {"Problem", "type s, title s, status i, detail? s, field? s"},
    {"Health", "status =ok/failing, reasons? *s"},
    {"Operator", "name s, roles *s, role s, agency s"},
    {"Erase", "id s, reason s"},
    {"Holder", "name s, passphrase s"},
    {"SealIdentity", "id s, incident s, text s, holders *Holder"},
    {"OpenIdentity", "id s, incident s, reason s, holders *Holder"},
    {"Identity", "seq i, text s"},
    {"Account", "name s, roles *s, agency s, disabled b"},
    {"Operators", "operators *Account"},
    {"NewOperator", "id s, name s, password s, roles *s, agency? s"},
    {"OperatorChange", "id s, roles? *s, agency? s, password? s, disabled? b"},
    {"Group", "name s, in b, out b"},
    {"Invite", "id i, name s, agency s, role s, groups *Group, admits b, expires m, uses i, uses_max i, made m, "
               "made_by s, state =open/used/expired/ended, token? s, link? s"},
    {"Invites", "hosts *s, roles *s, tak_port i, enrol_port i, words s, invites *Invite"},
    {"NewInvite", "name s, agency? s, role? s, groups? *s, hours? i, uses? i, admits? b, host? s"},
    {"NewInvites", "names *s, agency? s, role? s, groups? *s, hours? i, host? s"},
    {"MadeInvite", "invite Invite, words s"},
    {"MadeInvites", "invites *Invite, words s"},
    {"InviteEnded", "ended b"},
    {"Device", "serial s, user s, agency s, callsign s, uid s, since m, until m, seen m, revoked m, invite i, held b, "
               "online b"},
    {"Devices", "devices *Device"},
    {"Serials", "serials *s"},
    {"Admitted", "admitted i"},
    {"Revoked", "revoked i"},
    {"TakUser", "name s, agency s, role s, groups *Group, relay b, disabled b, password b"},
    {"Users", "users *TakUser"},
    {"NewUser", "name s, password s, agency? s, role? s, groups? *s"},
    {"MadeUser", "name s"},
    {"Server", "name s, version s, exercise? b, now? m"},
    {"Session", "needs_setup b, server Server, operator Operator?, csrf s"},
    {"Setup", "code s, name s, password s"},
    {"Login", "name s, password s"},
    {"Chat", "id s, to s, text s"},
    {"Acknowledge", "id s"},
    {"Recorded", "seq i"},
    {"Client", "id s, user s, agency s, uid s, callsign s, address s, form =xml/v1, tls s, since m, lag_ms i, "
               "sent_bytes i, conflated i, state =live/joining"},
    {"InputSource", "address s, seen m, events i, refused i"},
    {"Input", "name s, kind =udp/multicast/tcp/auth-tls/auth-tcp/http, address s, port i, interface s, open b, "
              "conf b, trouble s, groups *s, rate i, events i, refused i, sources *InputSource"},
    {"Inputs", "inputs *Input"},
    {"NewInput", "spec s"},
    {"MadeInput", "spec s, token s"},
    {"RecordHead", "seq i, hash s, at? m"},
    {"Care", "job =verify/backup, state =running/done/failed, done i, of i, began m, ended m, text s, rows? i, "
             "erased? i, checkpoints? i, witnesses? i, bad? i, finding? s, name? s, head? RecordHead"},
    {"CareJob", "job Care?"},
    {"BackupFile", "name s, bytes i"},
    {"Backup", "name s, made s, head s, bytes i, files *BackupFile"},
    {"RecordState", "bytes i, rows i, commits i, failures i, sync_us i, sync_us_max i, writing b, head RecordHead?, "
                    "witness RiverEvent?, job Care?, backups *Backup"},
    {"DiskUse", "what =record/tracks/files/missions/maps/backups/accounts, bytes i"},
    {"DiskState", "free i, total i, kept i, rate i?, uses *DiskUse"},
    {"PhoneClock", "uid s, callsign s, off_ms i, seen m"},
    {"Clocks", "now m, steered b, error_us i, exercise b, source s, phones *PhoneClock"},
    {"Certificate", "file s, from m, until m"},
    {"About", "version s, started m, web i, enrol i, tak i, names s, folder s, words s, fingerprint s, "
              "certificates *Certificate"},
    {"MapFile", "file s, bytes i, whole b"},
    {"MapFiles", "files *MapFile, bytes i, quota i"},
    {"MapPiece", "at i, size i, whole b"},
    {"UserGroup", "name s, in? b, out? b, active? b"},
    {"UserGroups", "id s, groups? *UserGroup, agency? s, role? s"},
    {"SharePair", "from s, to s, shares o, says s"},
    {"ShareRule", "seq i, from s, to s, classes *s, allow b, until m?, at m?, why s, "
                  "proposed_by s, by s, consequence s"},
    {"Sharing", "incident s, on b, open b, agencies *s, matrix *SharePair, rules *ShareRule, proposals *ShareRule"},
    {"NewSharing", "id s, from s, to s, classes *s, allow b, until? t?, why s"},
    {"ProposedSharing", "seq i, proposal i, consequence s"},
    {"ConfirmSharing", "id s, proposal i, consequence? s"},
    {"Map", "name s, format s, minzoom i, maxzoom i, bounds? *n, attribution s"},
    {"RiverEvent", "seq i, prev i, kind s, at m, observed? m?, data? o, incident? s, fields? Fields, erased? b, "
                   "damaged? b"},
    {"RiverEvents", "events *RiverEvent, head i"},
    {"Done", "seq i, events *i"},
    {"Promote", "id s, uid s, kind =cordon.set/closure.set/tactical.set/hazard.reported/point.set, fields o"},
    {"ImportFile", ""},
    {"Imported", "ok? b, total? i, known? i, commands? i, events? i, first? i, last? i, refused? i, text? s, "
                 "report? o, incident? s, by? s, done? b, import? s"},
    {"ImportOutcome", "done b, ok? b, total? i, known? i, commands? i, events? i, first? i, last? i, detail? s"},
    {"Disk", "size i, free i, record i, growth i"},
    {"Battery", "percent i, on_mains b, left_s i?"},
    {"Ports", "web i, enrol i, tak i"},
    {"Machine", "now m, started m, clock =unknown/kept/by-hand/exercise, disk Disk?, battery Battery?, hosts *s, "
                "ports Ports"},
    {"Practice", "possible b, state =none/starts/runs/ends, port i, speed i, by s, why s"},
    {"NewPractice", "speed i, anew? b"},
    {"IncidentRow", "id s, name s?, state s, exercise b, opened t, seq i"},
    {"Incidents", "incidents *IncidentRow"},
    {"Event", "seq i, prev i, kind EventKind, at m, observed? m?, incident s, fields? Fields, erased? b, damaged? b"},
    {"Events", "events *Event, head i"},
    {"Entity", "kind EntityKind, id s, made i, changed i, fields Fields, from? %i"},
    {"State", "incident s, seq i, at t, hash s, entities *Entity"},
    {"Past", "incident s, seq i, row i, at t, hash s, whole b, as? s, as_whole? b, entities *Entity, views o"},
    {"Timeline", "incident s, head i, cut b, kinds *s, events *o, figures *o"},
    {"Claim", "event i, report s, source? s?, source_kind? s?, lo i?, hi i?, as_of t, grade? s?, "
              "is =used/superseded/overtaken/excluded/withdrawn/discounted, shift i, categories %i"},
    {"Counter", "lo i?, hi i?, known b, agreed b, sources i, values i, confirmed i?, accepted i?, accepted_event i?, "
                "accounted? i, left_out i, as_of? t?, claims? *Claim"},
    {"Counters", "rule s, counters %Counter"},
    {"Period", "id s, start_at t?, end_at t?, objectives *s"},
    {"ThreatLevel", "scope s, level .threat_level"},
    {"ZonesClear", "total i, threat i, eod i"},
    {"CasualtyCounts", "killed Counter, injured Counter, missing Counter"},
    {"ParCounts", "inside i, due i, missed i"},
    {"FindingCounts", "alarm i, warn i, info i"},
    {"AlarmCounts", "open i, unacked i"},
    {"Strip", "id? s?, name? s?, type? s?, state? s?, exercise? b, start? t?, commanders? *s, "
              "command_state? =vacant/held/unified, command_since? t?, command_place? s?, posture? s?, "
              "period? Period?, major? b, threat_levels? *ThreatLevel, zones? ZonesClear, "
              "casualties? CasualtyCounts, par? ParCounts, findings? FindingCounts, alarms? AlarmCounts, span? i, "
              "rule s"},
    {"Finding", "id s, rule s, subject s, severity =INFO/WARN/ALARM, events *i, ground s, resolved b, text? s"},
    {"Findings", "findings *Finding, left_out i"},
    {"Alarm", "id s, rule s, owner s, since t, acked b, escalated b, events *i, text? s"},
    {"Alarms", "alarms *Alarm, left_out i"},
    {"ParUnit", "unit s, agency? s?, zone? s?, level? s?, strength? i?, inside_at t, due t?, missed i, "
                "state =ok/due/missed"},
    {"Par", "units *ParUnit, maydays *s, evacuations *s"},
    {"ZoneClearance", "state =unknown/entered/partial/complete/confirmed/held/no-go/void, unit s?, at t?, extent i?"},
    {"Zone", "id? s, name? s?, zone_kind? s?, units? *s, clearance? %ZoneClearance, threats? *s, tactical? s?, "
             "casualties? i"},
    {"Level", "id s, ordinal n, name s?, zones *Zone"},
    {"Structure", "id s, name s?, inside_inner_cordon b, levels *Level"},
    {"Floors", "structures *Structure"},
    {"Gap", "id s, text s, known b, age_s i?"},
    {"Gaps", "gaps *Gap"},
    {"SaidFact", "fact s, state s, lo i?, stale b, now s?, now_lo i?"},
    {"SaidLine", "line s, statement s, light =green/amber/red, rule s?, why s?, fatality b, outdated b, "
                 "facts *SaidFact"},
    {"SaidAlert", "alert s, light =green/amber/red, rule s?, why s?, fatality b, facts *SaidFact"},
    {"Release", "lines *SaidLine, alerts *SaidAlert, families_know b"},
    {"PublicItem", "kind EntityKind, id s, field s, value s"},
    {"Public", "items *PublicItem"},
    {"File", "uid s, name s, sha256 s, size i, at m, seq i, mime s, tool s, user? s, operator? s, callsign s, "
             "creator s, keywords *s, groups *s, pictures *s, lat n?, lon n?, expires m?"},
    {"Files", "bytes i, quota i, file_max i, files *File"},
    {"Profile", "id s, name s, sha256 s, size i, enabled b, when *s, tool s, groups *s, changed m, by s"},
    {"Profiles", "profiles *Profile"},
    {"NewProfile", "id s, name s, sha256? s, file? s, enabled? b, when? *s, tool? s, groups? *s"},
};

static const struct status {
    const char *code, *why;
} statuses[] = {
    {"400", "Not understood"},
    {"401", "Not logged in"},
    {"403", "Not for this role, or not from our page"},
    {"404", "There is no such thing"},
    {"409", "Not in this state"},
    {"411", "Without a body"},
    {"413", "Too long"},
    {"415", "The body is not application/json, or what the call takes"},
    {"416", "The range lies behind the end"},
    {"429", "Too many attempts; wait"},
    {"503", "Not now: the disk, or too much at once"},
    {"507", "The incident, the folder of files or the disk is full"},
};

/* Writing ------------------------------------------------------------------- */

static void put(struct buf *b, const char *text)
{
    for (; *text; text++)
        buf_byte(b, *text == '\'' ? '"' : *text);
}

/* A comma unless something was just opened. */
static void comma(struct buf *b)
{
    char last = b->len ? b->at[b->len - 1] : '{';

    if (last != '{' && last != '[')
        buf_byte(b, ',');
}

static void name(struct buf *b, struct str s)
{
    comma(b);
    buf_json(b, s);
    buf_byte(b, ':');
}

static void strings(struct buf *b, const char *list, char between)
{
    struct str rest = str_from(list);

    buf_byte(b, '[');
    while (rest.len) {
        size_t end = str_find_byte(rest, between);

        comma(b);
        buf_json(b, str_cut(rest, 0, end));
        rest = str_from_at(rest, end < rest.len ? end + 1 : end);
    }
    buf_byte(b, ']');
}

static void reference(struct buf *b, const char *before, struct str s)
{
    put(b, "{'$ref':'#/components/schemas/");
    buf_put(b, str_from(before));
    buf_put(b, s);
    put(b, "'}");
}

/* The short form ------------------------------------------------------------- */

/* What a letter stands for; with null: a text that may be null. */
static const struct letter {
    char letter;
    const char *is, *or_null;
} letters[] = {
    {'s', "{'type':'string'}", "{'type':['string','null']}"},
    {'i', "{'type':'integer'}", "{'type':['integer','null']}"},
    {'n', "{'type':'number'}", "{'type':['number','null']}"},
    {'b', "{'type':'boolean'}", "{'type':['boolean','null']}"},
    {'t', "{'type':'string','format':'date-time'}", "{'type':['string','null'],'format':'date-time'}"},
    {'m', "{'type':'integer','description':'ms since 1970 UTC'}",
     "{'type':['integer','null'],'description':'ms since 1970 UTC'}"},
    {'o', "{'type':'object'}", "{'type':['object','null']}"},
};

static void simple(struct buf *b, struct str type, bool or_null)
{
    for (size_t i = 0; i < COUNTOF(letters); i++)
        if (type.len == 1 && letters[i].letter == type.at[0]) {
            put(b, or_null ? letters[i].or_null : letters[i].is);
            return;
        }
    MUST(type.len > 1 && (type.at[0] == '.' || (type.at[0] >= 'A' && type.at[0] <= 'Z')));
    put(b, or_null ? "{'oneOf':[" : "");
    if (type.at[0] == '.')
        reference(b, "field.", str_from_at(type, 1));
    else
        reference(b, "", type);
    put(b, or_null ? ",{'type':'null'}]}" : "");
}

static void type_of(struct buf *b, struct str type)
{
    bool or_null = str_ends(type, STR("?"));
    char text[128];

    type = str_cut(type, 0, type.len - or_null);
    if (type.at[0] == '*' || type.at[0] == '%') {
        put(b, type.at[0] == '*' ? "{'type':'array','items':" : "{'type':'object','additionalProperties':");
        simple(b, str_from_at(type, 1), or_null);
        buf_byte(b, '}');
    } else if (type.at[0] == '=') {
        MUST(!or_null && str_copy(text, sizeof text, str_from_at(type, 1)));
        put(b, "{'type':'string','enum':");
        strings(b, text, '/');
        buf_byte(b, '}');
    } else
        simple(b, type, or_null);
}

struct member {
    struct str name, type;
    bool optional;
};

/* The next of "name type, name? type"; false at the end. */
static bool next_member(struct str *rest, struct member *m)
{
    size_t end = str_find(*rest, STR(", ")), space;
    struct str one = str_cut(*rest, 0, end);

    if (rest->len == 0)
        return false;
    space = str_find_byte(one, ' ');
    MUST(space > 0 && space + 1 < one.len);
    m->name = str_cut(one, 0, space);
    m->type = str_from_at(one, space + 1);
    m->optional = str_ends(m->name, STR("?"));
    m->name.len -= m->optional;
    *rest = str_from_at(*rest, end < rest->len ? end + 2 : end);
    return true;
}

static void object(struct buf *b, const char *members)
{
    struct str rest = str_from(members);
    struct member m;

    put(b, "{'type':'object','properties':{");
    while (next_member(&rest, &m)) {
        name(b, m.name);
        type_of(b, m.type);
    }
    put(b, "},'required':[");
    rest = str_from(members);
    while (next_member(&rest, &m))
        if (!m.optional) {
            comma(b);
            buf_json(b, m.name);
        }
    put(b, "]}");
}

/* Fields and kinds ------------------------------------------------------------- */

static void one_value(struct buf *b, const struct field_info *i)
{
    switch (i->type) {
    case TYPE_LINE:
        buf_fmt(b, "{\"type\":\"string\",\"minLength\":1,\"maxLength\":%d}", INCIDENT_LINE_MAX);
        break;
    case TYPE_TEXT:
        buf_fmt(b, "{\"type\":\"string\",\"minLength\":1,\"maxLength\":%d}", INCIDENT_TEXT_MAX);
        break;
    case TYPE_ID:
        buf_fmt(b, "{\"type\":\"string\",\"minLength\":1,\"maxLength\":%d}", INCIDENT_ID_MAX);
        break;
    case TYPE_REF:
        buf_fmt(b, "{\"type\":\"string\",\"minLength\":1,\"maxLength\":%d,\"description\":\"id: %s\"}", INCIDENT_ID_MAX,
                entity_info((enum entity_kind)i->of)->name);
        break;
    case TYPE_INT:
        buf_fmt(b, "{\"type\":\"integer\",\"minimum\":0,\"maximum\":%" PRId64 "}", i->of);
        break;
    case TYPE_NUMBER:
        buf_fmt(b, "{\"type\":\"number\",\"minimum\":-%" PRId64 ",\"maximum\":%" PRId64 "}", i->of, i->of);
        break;
    case TYPE_TIME:
        put(b, "{'type':'string','format':'date-time'}");
        break;
    case TYPE_BOOL:
        put(b, "{'type':'boolean'}");
        break;
    case TYPE_GRADE:
        put(b, "{'type':'string','pattern':'^[A-F][1-6]$'}");
        break;
    case TYPE_WORD:
        put(b, "{'type':'string','enum':");
        strings(b, words_of((enum words_id)i->of), ',');
        buf_byte(b, '}');
        break;
    case TYPE_PAIR:
        put(b, "{'type':'object','propertyNames':{'enum':");
        strings(b, words_of((enum words_id)i->of), ',');
        buf_fmt(b, "},\"additionalProperties\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":%d}}", PAIR_MOST);
        break;
    }
}

static void field_schema(struct buf *b, const struct field_info *i)
{
    bool list = i->many && i->type != TYPE_PAIR;

    if (list)
        put(b, "{'type':'array','uniqueItems':true,'items':");
    one_value(b, i);
    if (list)
        buf_byte(b, '}');
}

static void property(struct buf *b, enum incident_field f)
{
    struct str json = str_from(field_info((unsigned)f)->name);

    name(b, json);
    reference(b, "field.", json);
}

/* The fields of a command that its kind names: the key first. */
static enum field_use nth_field(enum incident_kind kind, size_t n, enum incident_field *f)
{
    const struct kind_info *k = kind_info(kind);
    bool key = k->entity != ENT_NONE;

    if (key && n == 0) {
        *f = entity_info(k->entity)->key;
        return USE_NEED;
    }
    *f = k->fields[n - key].field;
    return k->fields[n - key].use;
}

static void kind_schema(struct buf *b, enum incident_kind kind)
{
    const struct kind_info *k = kind_info(kind);
    enum incident_field f;
    enum field_use use;

    put(b, "{'type':'object','allOf':[{'$ref':'#/components/schemas/Envelope'}],'unevaluatedProperties':false,");
    if (k->roles[0])
        buf_fmt(b, "\"description\":\"needs the role %s\",", k->roles);
    put(b, "'properties':{");
    for (size_t i = 0; (use = nth_field(kind, i, &f)) != USE_END; i++)
        if (incident_may_set(kind, f))
            property(b, f);
    put(b, "},'required':[");
    for (size_t i = 0; (use = nth_field(kind, i, &f)) != USE_END; i++)
        if (use_is_needed(use) && incident_may_set(kind, f)) {
            comma(b);
            buf_json(b, str_from(field_info((unsigned)f)->name));
        }
    put(b, "]}");
}

static void field_schemas(struct buf *b)
{
    for (unsigned f = 1; f < FIELD_TAGS; f++) {
        char text[64];
        struct buf own = buf_over(text, sizeof text);

        if (!field_info(f)->name)
            continue;
        buf_fmt(&own, "field.%s", field_info(f)->name);
        name(b, buf_str(&own));
        field_schema(b, field_info(f));
    }
    put(b, ",'Fields':{'type':'object','properties':{");
    for (unsigned f = 1; f < FIELD_TAGS; f++)
        if (field_info(f)->name)
            property(b, (enum incident_field)f);
    put(b, "}},'Envelope':{'type':'object','properties':{");
    for (unsigned f = 1; f < FIELD_TAGS; f++)
        if (field_info(f)->name && field_is_envelope((enum incident_field)f) &&
            incident_may_set(INC_ALARM_ACKED, (enum incident_field)f))
            property(b, (enum incident_field)f);
    put(b, "}}");
}

static void kind_schemas(struct buf *b)
{
    for (unsigned k = 1; k < INC_END; k++) {
        char text[64];
        struct buf own = buf_over(text, sizeof text);

        if (!kind_info(k)->tag)
            continue;
        buf_fmt(&own, "fields.%s", kind_info(k)->tag);
        name(b, buf_str(&own));
        kind_schema(b, (enum incident_kind)k);
    }
    put(b, ",'EventKind':{'type':'string','enum':[");
    for (unsigned k = 1; k < INC_END; k++)
        if (kind_info(k)->tag) {
            comma(b);
            buf_json(b, str_from(kind_info(k)->tag));
        }
    put(b, "]},'Command':{'type':'object','required':['id','kind','fields'],'properties':{"
           "'id':{'type':'string','format':'uuid','description':'sent twice, applied once'},"
           "'kind':{'$ref':'#/components/schemas/EventKind'},'fields':{'type':'object'}},'oneOf':[");
    for (unsigned k = 1; k < INC_END; k++)
        if (kind_info(k)->tag) {
            comma(b);
            buf_fmt(b, "{\"properties\":{\"kind\":{\"const\":\"%s\"},\"fields\":", kind_info(k)->tag);
            reference(b, "fields.", str_from(kind_info(k)->tag));
            put(b, "}}");
        }
    put(b, "]}");
}

static void entity_kinds(struct buf *b)
{
    char word[32];

    put(b, ",'EntityKind':{'type':'string','enum':[");
    for (unsigned k = ENT_NONE + 1; k < ENT_COUNT; k++) {
        comma(b);
        buf_json(b, incident_entity_word((enum entity_kind)k, word));
    }
    put(b, "]}");
}

/* "strip" has the shape Strip. */
static void views(struct buf *b)
{
    put(b, ",'View':{'anyOf':[");
    for (const char *const *v = incident_view_names(); *v; v++) {
        char shape[32];

        MUST(str_copy(shape, sizeof shape, str_from(*v)));
        shape[0] = (char)(shape[0] - 'a' + 'A');
        comma(b);
        reference(b, "", str_from(shape));
    }
    put(b, "]}");
}

/* Calls ------------------------------------------------------------------------ */

static void parameter(struct buf *b, struct str own, const char *where, struct str type)
{
    comma(b);
    put(b, "{'name':");
    buf_json(b, own);
    buf_fmt(b, ",\"in\":\"%s\",\"required\":%s,\"schema\":", where, strcmp(where, "path") ? "false" : "true");
    type_of(b, type);
    buf_byte(b, '}');
}

static void parameters(struct buf *b, const struct call *c)
{
    struct str rest = str_from(c->path);
    struct member m;

    put(b, ",'parameters':[");
    for (size_t at = str_find_byte(rest, '{'); at < rest.len; at = str_find_byte(rest, '{')) {
        size_t end = str_find_byte(rest, '}');
        struct str own = str_cut(rest, at + 1, end);

        parameter(b, own, "path", own.len == 1 ? STR("i") : STR("s")); /* z, x, y */
        rest = str_from_at(rest, end + 1);
    }
    rest = str_from(c->query);
    while (next_member(&rest, &m))
        parameter(b, m.name, "query", m.type);
    if (strcmp(c->who, "post") == 0) {
        comma(b);
        put(b, "{'$ref':'#/components/parameters/csrf'}");
    }
    buf_byte(b, ']');
}

static void answer(struct buf *b, const struct call *c)
{
    if (!c->answers) {
        put(b, "'204':{'description':'Done'}");
        return;
    }
    put(b, "'200':{'description':");
    buf_json(b, str_from(c->summary));
    if (strchr(c->answers, '/')) {
        buf_fmt(b, ",\"content\":{\"%s\":{}}}", c->answers);
        return;
    }
    put(b, ",'content':{'application/json':{'schema':");
    type_of(b, str_from(c->answers));
    put(b, "}}}");
}

static void refusals(struct buf *b, const struct call *c)
{
    for (size_t i = 0; i < COUNTOF(statuses); i++)
        if (str_find(str_from(c->refuses), str_from(statuses[i].code)) < strlen(c->refuses))
            buf_fmt(b, ",\"%s\":{\"$ref\":\"#/components/responses/%s\"}", statuses[i].code, statuses[i].code);
}

static void call(struct buf *b, const struct call *c)
{
    buf_fmt(b, "\"%s\":{\"summary\":", c->method);
    buf_json(b, str_from(c->summary));
    put(b, strcmp(c->who, "all") ? ",'security':[{'session':[]}]" : ",'security':[]");
    parameters(b, c);
    if (c->takes) {
        put(b, ",'requestBody':{'required':true,'content':{");
        if (strchr(c->takes, '/'))
            buf_fmt(b, "\"%s\":{}}}", c->takes);
        else {
            put(b, "'application/json':{'schema':");
            type_of(b, str_from(c->takes));
            put(b, "}}}");
        }
    }
    put(b, ",'responses':{");
    answer(b, c);
    refusals(b, c);
    put(b, "}}");
}

/* Rows of one path stand together: a path is an object of its methods. */
static void paths(struct buf *b)
{
    put(b, ",'paths':{");
    for (size_t i = 0; i < COUNTOF(calls); i++) {
        if (i > 0 && strcmp(calls[i].path, calls[i - 1].path) == 0) {
            comma(b);
            call(b, &calls[i]);
            continue;
        }
        buf_put(b, i ? STR("}") : STR(""));
        name(b, str_from(calls[i].path));
        buf_byte(b, '{');
        call(b, &calls[i]);
    }
    put(b, "}}");
}

static void components(struct buf *b)
{
    put(b, ",'components':{'securitySchemes':{'session':{'type':'apiKey','in':'cookie','name':'__Host-cordon'}},"
           "'parameters':{'csrf':{'name':'X-Cordon-CSRF','in':'header','required':true,'schema':{'type':'string'},"
           "'description':'the token of GET /api/session'}},'responses':{");
    for (size_t i = 0; i < COUNTOF(statuses); i++) {
        name(b, str_from(statuses[i].code));
        put(b, "{'description':");
        buf_json(b, str_from(statuses[i].why));
        put(b, ",'content':{'application/problem+json':{'schema':{'$ref':'#/components/schemas/Problem'}}}}");
    }
    put(b, "},'schemas':{");
    for (size_t i = 0; i < COUNTOF(shapes); i++) {
        name(b, str_from(shapes[i].name));
        object(b, shapes[i].members);
    }
    field_schemas(b);
    kind_schemas(b);
    entity_kinds(b);
    views(b);
    put(b, "}}");
}

void incident_openapi(struct buf *b)
{
    put(b, "{'openapi':'3.1.0','info':{'title':'Cordon','version':");
    buf_json(b, STR(CORDON_VERSION));
    put(b, ",'license':{'name':'Apache-2.0','identifier':'Apache-2.0'}}");
    paths(b);
    components(b);
    buf_byte(b, '}');
}
