/* config.h -- every setting of `cordon serve`, in one table.
 *
 * A row is a key of the config file (DATA/cordon.conf, or --config FILE) and a
 * flag of the same name with dashes.  Later wins: default, file, flag; of a list
 * each is one more.  The table also prints --help and the manual's list
 * (`cordon help --keys`). */
#ifndef CORDON_APP_CONFIG_H
#define CORDON_APP_CONFIG_H

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>

enum { CONFIG_TEXT = 256, CONFIG_LINE = 512, CONFIG_LIST = 16 };

/* A setting that may stand several times. */
struct config_list {
    int64_t count;
    char lines[CONFIG_LIST][CONFIG_LINE];
};

struct config {
    char data[CONFIG_TEXT], config[CONFIG_TEXT], listen[64], tak_tcp_listen[64], default_group[64], sharing[8],
        log_level[16], server_name[64];
    int64_t tak_tcp, tak_tls, web, enrol, loops, tls_seal, clients_max, units_max, uids_per_user, track_days,
        cert_days, cert_days_many, emergency_repeat_s, interest_from, interest_far_every, interest_cell_udeg,
        live_ring_mib, file_max_mib, files_quota_gib;
    struct config_list input;
};

void config_defaults(struct config *c);
/* "key = value" lines, # begins a comment.  An unknown key or a value out of its
 * bounds: false, the sentence names file and line. */
bool config_file(struct config *c, const char *path, struct err *e) MUST_USE;
/* Takes "--key value" or "--key=value" at argv[*i], moving *i; false with a sentence. */
bool config_flag(struct config *c, int argc, char **argv, int *i, struct err *e) MUST_USE;
/* The next setting behind `after` (NULL: the first) that differs and is not read again on SIGHUP; NULL: none. */
const char *config_waits(const struct config *is, const struct config *fresh, const char *after) MUST_USE;
/* One line a key, for --help; or as mdoc(7) list items. */
void config_help(FILE *to, bool mdoc);

#endif
