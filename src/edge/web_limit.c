#include "edge/web_limit.h"

void limit_init(struct limit *l, struct hash_key hash, int64_t max_ms)
{
    MUST(max_ms >= LIMIT_WAIT_MS);
    memset(l, 0, sizeof *l);
    l->hash = hash;
    l->max_ms = max_ms;
}

static uint64_t key_of(const struct limit *l, struct str who)
{
    uint64_t key = hash_str(l->hash, who);

    return key ? key : 1;
}

static struct limit_key *find(const struct limit *l, struct str who)
{
    uint64_t key = key_of(l, who);
    const struct limit_key *keys = l->keys;

    for (size_t i = 0; i < LIMIT_KEYS; i++)
        if (keys[i].key == key)
            return (struct limit_key *)(uintptr_t)&keys[i];
    return NULL;
}

int64_t limit_wait_ms(const struct limit *l, struct str who, int64_t now_ms)
{
    const struct limit_key *k = find(l, who);

    if (!k || now_ms - k->tried_ms >= LIMIT_FORGET_MS)
        return 0;
    return k->until_ms > now_ms ? k->until_ms - now_ms : 0;
}

static struct limit_key *make(struct limit *l, struct str who)
{
    struct limit_key *oldest = &l->keys[0];

    for (size_t i = 0; i < LIMIT_KEYS && oldest->key; i++)
        if (!l->keys[i].key || l->keys[i].tried_ms < oldest->tried_ms)
            oldest = &l->keys[i];
    *oldest = (struct limit_key){.key = key_of(l, who)};
    return oldest;
}

void limit_try(struct limit *l, struct str who, int64_t now_ms)
{
    struct limit_key *k = find(l, who);
    int64_t wait = LIMIT_WAIT_MS;

    if (!k)
        k = make(l, who);
    if (now_ms - k->tried_ms >= LIMIT_FORGET_MS)
        k->wrong = 0;
    k->wrong++;
    k->tried_ms = now_ms;
    if (k->wrong < LIMIT_FREE)
        return;
    for (uint32_t i = LIMIT_FREE; i < k->wrong && wait < l->max_ms; i++)
        wait *= 2;
    k->until_ms = now_ms + (wait < l->max_ms ? wait : l->max_ms);
}

void limit_forgive(struct limit *l, struct str who)
{
    struct limit_key *k = find(l, who);

    if (k)
        *k = (struct limit_key){0};
}

void limit_untry(struct limit *l, struct str who)
{
    struct limit_key *k = find(l, who);

    if (!k || k->wrong == 0)
        return;
    k->wrong--;
    k->until_ms = 0;
}
