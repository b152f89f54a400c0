/* pbwalk.h -- where protobuf-c is known to differ from other proto3 parsers.
 *
 * It refuses a known field that has another wire type than its own (others skip
 * it), and it does not merge a message that stands there twice as they do.
 * Tests only. */
#ifndef CORDON_TEST_PBWALK_H
#define CORDON_TEST_PBWALK_H

#include "base/str.h"

#include <protobuf-c/protobuf-c.h>

static inline uint64_t pbwalk_varint(struct str s, size_t *at)
{
    uint64_t v = 0;

    for (unsigned shift = 0; *at < s.len && shift < 70; shift += 7) {
        unsigned char c = (unsigned char)s.at[(*at)++];

        v |= shift < 64 ? (uint64_t)(c & 0x7F) << shift : 0;
        if (c < 0x80)
            break;
    }
    return v;
}

static inline bool pbwalk_is_odd(struct str s, const ProtobufCMessageDescriptor *d)
{
    uint64_t seen = 0;
    size_t at = 0;

    while (at < s.len) {
        uint64_t key = pbwalk_varint(s, &at), n = 0;
        const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(d, (unsigned)(key >> 3));
        unsigned wire = (unsigned)key & 7;
        bool message = f && f->type == PROTOBUF_C_TYPE_MESSAGE;
        unsigned want = !f ? wire : f->type == PROTOBUF_C_TYPE_DOUBLE ? 1u
                        : f->type == PROTOBUF_C_TYPE_UINT32 || f->type == PROTOBUF_C_TYPE_UINT64 ? 0u : 2u;

        if (wire == 0)
            (void)pbwalk_varint(s, &at);
        else
            n = wire == 1 ? 8 : wire == 5 ? 4 : pbwalk_varint(s, &at);
        if (wire != want || n > s.len - at || (message && (seen & (uint64_t)1 << f->id) != 0))
            return true;
        if (message) {
            seen |= (uint64_t)1 << f->id;
            if (pbwalk_is_odd(str_cut(s, at, at + n), f->descriptor))
                return true;
        }
        at += n;
    }
    return false;
}

#endif
