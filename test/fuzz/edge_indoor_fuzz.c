/* Indoor maps of any kind through the whole import.
 *
 * The first byte says which format and which wishes, the rest is the file; a NUL byte in it begins a
 * second file.  Nothing may abort; a refusal has a sentence and hands out nothing; of an import every
 * feature has one fate, and an open incident takes every command, unless it is full. */
#include "edge/indoor.h"
#include "edge/json.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct incident_limits limits = {.entities = 1 << 10, .fields = 1 << 14, .text = 1 << 19};
static struct incident *incident;
static void *memory;
static char *work, *journal, *json;
static size_t seen;
static uint64_t seq;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    memory = aligned_alloc(64, (incident_memory(&limits) + 63) & ~(uint64_t)63);
    work = malloc(INCIDENT_DECIDE_MEMORY);
    journal = malloc(INCIDENT_PAYLOAD_MAX);
    json = malloc(8 * INCIDENT_PAYLOAD_MAX);
    MUST(memory && work && journal && json);
    return 0;
}

static void take(enum incident_kind kind, struct str payload)
{
    static struct incident_decided decided;
    struct incident_command c = {kind, payload, 1700000000000};
    struct buf b = buf_over(work, INCIDENT_DECIDE_MEMORY);
    struct err e;

    if (!incident_decide(incident, &c, &b, &decided, &e)) {
        MUST(e.kind == ERR_FULL || e.kind == ERR_MISSING); /* a place that did not fit is missed later */
        return;
    }
    MUST(decided.n == 1);
    memcpy(journal, decided.events[0].payload.at, decided.events[0].payload.len);
    incident_apply(incident, ++seq, kind, str_of(journal, decided.events[0].payload.len));
}

static void see(void *ctx, enum incident_kind kind, struct str payload)
{
    struct buf b = buf_over(json, 8 * INCIDENT_PAYLOAD_MAX);
    struct json *j;
    struct err e;

    (void)ctx;
    seen++;
    take(kind, payload);
    indoor_command_json(kind, payload, &b);
    MUST(!b.full && json_read(buf_str(&b), &j, &e));
    json_drop(j);
}

static void open_incident(void)
{
    char bytes[256];
    struct buf b = buf_over(bytes, sizeof bytes);

    memset(memory, 0, incident_memory(&limits));
    incident = incident_init(memory, &limits, (struct hash_key){1, 2});
    seq = 0;
    incident_put(&b, IN_INCIDENT, STR("i"));
    incident_put(&b, IN_NAME, STR("n"));
    incident_put(&b, IN_TYPE, STR("other"));
    take(INC_INCIDENT_OPENED, buf_str(&b));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct indoor_report report;
    struct str all = str_of(data + 1, size ? size - 1 : 0), files[2];
    struct indoor_to to = {see, NULL};
    size_t cut, sum = 0;
    struct err e = {0};

    if (size == 0)
        return 0;
    cut = str_find_byte(all, 0);
    files[0] = str_cut(all, 0, cut);
    files[1] = str_from_at(all, cut < all.len ? cut + 1 : cut);
    open_incident();
    seen = 0;
    if (!indoor_read(&(struct indoor_ask){.files = files,
                                          .file_count = cut < all.len ? 2 : 1,
                                          .format = (enum indoor_format)(data[0] & 3),
                                          .structure = STR("S"),
                                          .level_missing = data[0] & 4 ? STR("0") : (struct str){0},
                                          .exists = false},
                     &to, &report, &e)) {
        MUST(seen == 0 && e.kind != ERR_NONE && e.text[0]);
        return 0;
    }
    for (size_t i = 0; i < INDOOR_PASSED_COUNT; i++)
        sum += report.passed[i];
    MUST(report.used + sum == report.features);
    MUST(seen >= report.levels + report.zones + report.openings + 1);
    return 0;
}
