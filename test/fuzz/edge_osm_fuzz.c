/* OSM XML into a plan: nothing aborts, and every tag, ring and point that a feature names is there. */
#include "edge/osm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct plan p;
    struct err e = {0};

    plan_init(&p);
    if (!osm_read(&p, str_of(data, size), &e))
        MUST(e.kind != ERR_NONE && e.text[0]);
    for (size_t i = 0; i < p.feature_count; i++) {
        const struct plan_feature *f = &p.features[i];

        MUST(f->id.len > 0 && f->tags > 0);
        MUST(f->tag + f->tags <= p.tag_count && f->ring + f->rings <= p.ring_count);
        for (uint32_t j = 0; j < f->rings; j++) {
            struct shape s = plan_shape(&p, &p.rings[f->ring + j]);

            MUST(p.rings[f->ring + j].at + s.n <= p.point_count);
            for (size_t k = 0; k < s.n; k++)
                MUST(shape_point_is(s.at[k]));
        }
    }
    plan_fini(&p);
    return 0;
}
