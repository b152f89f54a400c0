#include "os/zip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* What it calls deprecated has names that we would like to use. */
#define ZIP_DISABLE_DEPRECATED
#include <zip.h>

/* The end of an archive (APPNOTE 4.3.16): where the table of contents is, before a comment.
 *
 *   0 "PK\5\6" | 4 disk, disk of table | 8 entries here | 10 entries | 12 bytes of table
 *   16 its offset | 20 bytes of comment | 22 comment
 *
 * With Zip64 a locator "PK\6\7" of 20 bytes stands before it. */
enum {
    END_LEN = 22,
    END_ENTRIES = 10,
    END_TABLE = 12,
    END_OFFSET = 16,
    ENTRY_LEN = 46,
    ENTRY_NAME = 28,
    COMMENT_MAX = 0xffff,
    LOCATOR_LEN = 20,
    TAIL_MAX = LOCATOR_LEN + END_LEN + COMMENT_MAX,
    DOS_DATE_FIRST = 1 << 5 | 1, /* 1980-01-01, the first that the format knows */
};

struct zip_reader {
    zip_t *zip;
    size_t count;
    struct zip_entry entries[];
};

struct zip_writer {
    zip_t *zip;
    zip_source_t *memory; /* NULL: it becomes a file */
};

/* ---- names ------------------------------------------------------------- */

static bool has_part(struct str name, struct str part)
{
    while (name.len) {
        size_t at = str_find_byte(name, '/');

        if (str_eq(str_cut(name, 0, at), part))
            return true;
        name = str_from_at(name, at < name.len ? at + 1 : at);
    }
    return false;
}

static bool has_control(struct str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.at[i] < ' ' || name.at[i] == 127)
            return true;
    return false;
}

static bool has_drive(struct str name)
{
    return name.len > 1 && name.at[1] == ':' && ((name.at[0] | 32) >= 'a' && (name.at[0] | 32) <= 'z');
}

/* Why a name is refused, or NULL. */
static const char *name_wrong(struct str name)
{
    if (name.len == 0 || name.len > ZIP_NAME_MAX)
        return "its name is empty or longer than 512 bytes";
    if (!str_is_utf8(name) || has_control(name))
        return "its name has control characters or is not UTF-8";
    if (name.at[0] == '/' || has_drive(name) || str_find_byte(name, '\\') < name.len)
        return "its name is an absolute path or has a backslash";
    if (has_part(name, STR("..")) || has_part(name, STR(".")) || has_part(name, STR("")))
        return "its name climbs out of its folder";
    return NULL;
}

/* ---- reading ------------------------------------------------------------ */

static uint32_t number(const unsigned char *at, int bytes)
{
    uint32_t n = 0;

    while (bytes--)
        n = n << 8 | at[bytes];
    return n;
}

static bool too_many(struct err *e)
{
    return err_set(e, ERR_INPUT, "the zip archive has more than %d entries, which are the most", ZIP_ENTRIES_MAX);
}

/* The table of contents (APPNOTE 4.3.12): entries of 46 bytes "PK\1\2" | ... | 28 bytes of name, 30 of extra
 * fields, 32 of comment | ..., the name, the extra fields, the comment.  The library reads on where there are more
 * entries than are told, and puts a blank in the place of a NUL in a name, where other readers end it. */
static bool table_is_good(struct str table, struct err *e)
{
    for (size_t count = 0; table.len >= ENTRY_LEN && str_starts(table, STR("PK\1\2")); count++) {
        const unsigned char *at = (const unsigned char *)table.at;
        size_t name = number(at + ENTRY_NAME, 2);
        size_t len = ENTRY_LEN + name + number(at + ENTRY_NAME + 2, 2) + number(at + ENTRY_NAME + 4, 2);

        if (len > table.len)
            return true;
        if (memchr(at + ENTRY_LEN, 0, name))
            return err_set(e, ERR_INPUT, "entry %zu of the zip archive is refused: its name has a NUL in it",
                           count + 1);
        if (count == ZIP_ENTRIES_MAX)
            return too_many(e);
        table = str_from_at(table, len);
    }
    return true;
}

/* Is the end of an archive at `end`, with LOCATOR_LEN bytes before it, one that may be opened?  *left: bytes of tables
 * that may be looked at. */
static bool end_is_good(FILE *f, const unsigned char *end, uint32_t *left, struct err *e)
{
    uint32_t len = number(end + END_TABLE, 4);
    char *table;
    bool ok;

    if (memcmp(end - LOCATOR_LEN, "PK\6\7", 4) == 0)
        return err_set(e, ERR_INPUT, "the zip archive is in the form for more than 4 GB (Zip64), which is not taken");
    if (number(end + END_ENTRIES, 2) > ZIP_ENTRIES_MAX || len > *left)
        return too_many(e);
    *left -= len;
    table = malloc(len + 1);
    if (!table)
        return err_set(e, ERR_WORLD, "there is no memory to look at a zip archive");
    ok = fseeko(f, number(end + END_OFFSET, 4), SEEK_SET) ||
         table_is_good(str_of(table, fread(table, 1, len, f)), e);
    free(table);
    return ok;
}

/* Looks at every end of an archive that the library could take for it, before it allocates for what stands there and
 * compares one with another: there may be thousands in a comment, and one in each archive within the archive. */
static bool ends_are_good(FILE *f, struct err *e)
{
    unsigned char *tail = calloc(1, LOCATOR_LEN + TAIL_MAX);
    uint32_t left = ZIP_TABLE_MAX;
    struct stat st;
    size_t n;
    bool ok = true;

    if (!tail)
        return err_set(e, ERR_WORLD, "there is no memory to look at a zip archive");
    if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode) ||
        fseeko(f, st.st_size > TAIL_MAX ? st.st_size - TAIL_MAX : 0, SEEK_SET)) {
        free(tail);
        return err_set(e, ERR_WORLD, "the zip archive cannot be read: it is no file");
    }
    n = fread(tail + LOCATOR_LEN, 1, TAIL_MAX, f);
    for (size_t i = LOCATOR_LEN; ok && i + END_LEN <= LOCATOR_LEN + n; i++)
        ok = memcmp(tail + i, "PK\5\6", 4) != 0 || end_is_good(f, tail + i, &left, e);
    free(tail);
    rewind(f);
    return ok;
}

static bool library_refused(zip_error_t *error, const char *what, struct err *e)
{
    int code = zip_error_code_zip(error);
    bool world = code == ZIP_ER_READ || code == ZIP_ER_SEEK || code == ZIP_ER_MEMORY;

    if (code == ZIP_ER_EXISTS)
        (void)err_set(e, ERR_INPUT, "%s: there is a name in it twice", what);
    else
        (void)err_set(e, world ? ERR_WORLD : ERR_INPUT, "%s: %s", what, zip_error_strerror(error));
    zip_error_fini(error);
    return false;
}

/* The library's archive over an open file, which it owns then. */
static zip_t *open_archive(const char *path, struct err *e)
{
    FILE *f = fopen(path, "rbe");
    zip_error_t error;
    zip_source_t *source;
    zip_t *zip;

    if (!f) {
        (void)err_set(e, errno == ENOENT ? ERR_MISSING : ERR_WORLD, "the zip archive cannot be opened: %s",
                      strerror(errno));
        return NULL;
    }
    if (!ends_are_good(f, e)) {
        (void)fclose(f);
        return NULL;
    }
    zip_error_init(&error);
    source = zip_source_filep_create(f, 0, -1, &error);
    zip = source ? zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error) : NULL;
    if (zip)
        return zip;
    (void)library_refused(&error, "this is no zip archive that can be read", e);
    if (source)
        zip_source_free(source);
    else
        (void)fclose(f);
    return NULL;
}

/* Unix keeps the kind of a file in the upper half of the attributes; what has none there is plain. */
static bool is_plain(zip_t *zip, zip_uint64_t i)
{
    zip_uint32_t attributes = 0, kind;
    zip_uint8_t system;

    if (zip_file_get_external_attributes(zip, i, 0, &system, &attributes))
        return false;
    kind = attributes >> 16 & S_IFMT;
    return kind == 0 || kind == S_IFREG || kind == S_IFDIR;
}

/* Why entry i is refused, or NULL and what it is in *out. */
static const char *entry_wrong(zip_t *zip, zip_uint64_t i, struct zip_entry *out)
{
    /* The library guesses a code page where a name is not UTF-8, and turns a NUL into another sign; what the archive
     * holds is the raw name.  Where the two differ it is one of these. */
    const char *name = zip_get_name(zip, i, ZIP_FL_ENC_GUESS), *raw = zip_get_name(zip, i, ZIP_FL_ENC_RAW);
    zip_stat_t st;

    if (!name || !raw || strcmp(name, raw) != 0)
        return "its name has control characters or is not UTF-8";
    if (name_wrong(str_from(name)))
        return name_wrong(str_from(name));
    if (zip_stat_index(zip, i, 0, &st) ||
        (st.valid & (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD)) !=
            (ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD))
        return "its length is not told";
    if (st.encryption_method != ZIP_EM_NONE)
        return "it is encrypted";
    if (st.comp_method != ZIP_CM_STORE && st.comp_method != ZIP_CM_DEFLATE)
        return "it is packed in a way that is not taken (stored and deflated are)";
    if (!is_plain(zip, i))
        return "it is a link or a device";
    *out = (struct zip_entry){str_from(name), st.size, st.comp_size, false};
    out->is_dir = name[out->name.len - 1] == '/';
    return NULL;
}

/* Fills z->entries; file_len: bytes of the archive itself. */
static bool look(struct zip_reader *z, uint64_t bytes_max, uint64_t file_len, struct err *e)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < z->count; i++) {
        const char *why = entry_wrong(z->zip, i, &z->entries[i]);

        if (why)
            return err_set(e, ERR_INPUT, "entry %zu of the zip archive is refused: %s", i + 1, why);
        if (z->entries[i].size > bytes_max - sum)
            return err_set(e, ERR_INPUT, "the zip archive unpacks to more than %llu bytes, which are the most",
                           (unsigned long long)bytes_max);
        sum += z->entries[i].size;
    }
    if (sum / ZIP_RATIO_MAX > file_len)
        return err_set(e, ERR_INPUT, "the zip archive unpacks to more than %d times its length: it is taken for a bomb",
                       ZIP_RATIO_MAX);
    return true;
}

bool zip_read_open(const char *path, uint64_t bytes_max, struct zip_reader **out, struct err *e)
{
    zip_t *zip = open_archive(path, e);
    struct zip_reader *z;
    zip_int64_t count;
    struct stat st;

    if (!zip)
        return false;
    count = zip_get_num_entries(zip, 0);
    MUST(count >= 0);
    if (count > ZIP_ENTRIES_MAX) {
        zip_discard(zip);
        return too_many(e);
    }
    z = malloc(sizeof *z + (size_t)count * sizeof z->entries[0]);
    if (!z || stat(path, &st)) {
        free(z);
        zip_discard(zip);
        return err_set(e, ERR_WORLD, "there is no memory to look at a zip archive");
    }
    *z = (struct zip_reader){zip, (size_t)count};
    if (!look(z, bytes_max, (uint64_t)st.st_size, e)) {
        zip_read_close(z);
        return false;
    }
    *out = z;
    return true;
}

void zip_read_close(struct zip_reader *z)
{
    if (!z)
        return;
    zip_discard(z->zip);
    free(z);
}

size_t zip_count(const struct zip_reader *z)
{
    return z->count;
}

struct zip_entry zip_entry(const struct zip_reader *z, size_t i)
{
    MUST(i < z->count);
    return z->entries[i];
}

bool zip_find(const struct zip_reader *z, struct str name, size_t *i)
{
    for (*i = 0; *i < z->count; (*i)++)
        if (str_eq(z->entries[*i].name, name))
            return true;
    return false;
}

static bool file_refused(zip_file_t *f, struct str name, struct err *e)
{
    const char *why = f ? zip_error_strerror(zip_file_get_error(f)) : "it cannot be opened";

    return err_set(e, ERR_INPUT, "\"%.*s\" of the zip archive cannot be unpacked: %s", STR_ARG(name), why);
}

bool zip_read(struct zip_reader *z, size_t i, void *to, size_t max, size_t *n, struct err *e)
{
    struct zip_entry entry = zip_entry(z, i);
    zip_int64_t got = 1;
    zip_file_t *f;
    bool ok = true;
    char beyond;

    if (entry.size > max)
        return err_set(e, ERR_FULL, "\"%.*s\" of the zip archive has %llu bytes; %zu are the most",
                       STR_ARG(entry.name), (unsigned long long)entry.size, max);
    f = zip_fopen_index(z->zip, i, 0);
    if (!f)
        return file_refused(NULL, entry.name, e);
    for (*n = 0; got > 0 && *n < entry.size; *n += (size_t)(got > 0 ? got : 0))
        got = zip_fread(f, (char *)to + *n, entry.size - *n);
    /* The checksum is compared at the end, which one more read meets; a byte there is one too many. */
    if (got >= 0)
        got = zip_fread(f, &beyond, 1);
    if (got < 0)
        ok = file_refused(f, entry.name, e);
    else if (got > 0 || *n != entry.size)
        ok = err_set(e, ERR_INPUT, "\"%.*s\" of the zip archive is not as long as the archive says",
                     STR_ARG(entry.name));
    (void)zip_fclose(f);
    return ok;
}

/* ---- writing ------------------------------------------------------------ */

bool zip_write_open(const char *path, struct zip_writer **out, struct err *e)
{
    struct zip_writer *z = calloc(1, sizeof *z);
    zip_error_t error;
    zip_source_t *source;

    if (!z)
        return err_set(e, ERR_WORLD, "there is no memory to write a zip archive");
    zip_error_init(&error);
    source = path ? zip_source_file_create(path, 0, -1, &error) : zip_source_buffer_create(NULL, 0, 0, &error);
    z->zip = source ? zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &error) : NULL;
    if (!z->zip) {
        zip_source_free(source);
        free(z);
        return library_refused(&error, "a zip archive cannot be begun", e);
    }
    if (!path) {
        z->memory = source;
        zip_source_keep(source);
    }
    *out = z;
    return true;
}

bool zip_write_add(struct zip_writer *z, struct str name, struct str bytes, struct err *e)
{
    const char *why = name_wrong(name);
    char text[ZIP_NAME_MAX + 1];
    zip_source_t *source;
    zip_int64_t i;

    if (why)
        return err_set(e, ERR_INPUT, "an entry of the zip archive is refused: %s", why);
    MUST(str_copy(text, sizeof text, name));
    source = zip_source_buffer(z->zip, bytes.at, bytes.len, 0);
    i = source ? zip_file_add(z->zip, text, source, ZIP_FL_ENC_UTF_8) : -1;
    if (i < 0) {
        zip_source_free(source);
        return err_set(e, ERR_INPUT, "\"%s\" cannot be put into the zip archive: %s", text, zip_strerror(z->zip));
    }
    if (zip_file_set_dostime(z->zip, (zip_uint64_t)i, 0, DOS_DATE_FIRST, 0))
        return err_set(e, ERR_WORLD, "\"%s\" cannot be put into the zip archive: %s", text, zip_strerror(z->zip));
    return true;
}

bool zip_write_close(struct zip_writer *z, struct err *e)
{
    MUST(!z->memory);
    if (zip_close(z->zip)) {
        (void)err_set(e, ERR_WORLD, "the zip archive cannot be written: %s", zip_strerror(z->zip));
        zip_write_drop(z);
        return false;
    }
    free(z);
    return true;
}

/* The bytes of a source that is written; NULL when they cannot be had. */
static char *bytes_of(zip_source_t *source, size_t *len)
{
    zip_stat_t st;
    char *bytes = NULL;

    if (zip_source_open(source))
        return NULL;
    if (zip_source_stat(source, &st) == 0 && st.valid & ZIP_STAT_SIZE) {
        *len = st.size;
        bytes = malloc(*len + 1);
    }
    if (bytes && zip_source_read(source, bytes, *len) != (zip_int64_t)*len) {
        free(bytes);
        bytes = NULL;
    }
    (void)zip_source_close(source);
    return bytes;
}

bool zip_write_take(struct zip_writer *z, char **bytes, size_t *len, struct err *e)
{
    MUST(z->memory);
    if (zip_close(z->zip)) {
        (void)err_set(e, ERR_WORLD, "the zip archive cannot be written: %s", zip_strerror(z->zip));
        zip_write_drop(z);
        return false;
    }
    *bytes = bytes_of(z->memory, len);
    zip_source_free(z->memory);
    free(z);
    return *bytes || err_set(e, ERR_WORLD, "there is no memory for a zip archive");
}

void zip_write_drop(struct zip_writer *z)
{
    if (!z)
        return;
    zip_discard(z->zip);
    zip_source_free(z->memory);
    free(z);
}
