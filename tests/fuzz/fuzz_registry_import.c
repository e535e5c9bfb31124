// Any bytes as a file of an import, taken apart whole and in pieces cut where the first bytes say: it comes to the same rows and problems,
// what is staged is JSON, and each problem has a reason. Byte 0 chooses the file, bytes 1 and 2 the length of a piece.
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/pb/message.h"
#include "services/registry/rules_import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_CAP ((size_t)64 * 1024 * 1024)
#define TEXT_CAP ((size_t)256 * 1024 * 1024)
#define TODAY 20000

typedef Pcn__Registry__Store__V1__LoadedImport loaded_t;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void add_staged(const Pcn__Registry__Store__V1__ImportPart *part, buf_t *rows)
{
    const char *row = part->staged;
    for (size_t i = 0; i < part->n_staged_files; i++) {
        must(row != NULL);
        const size_t size = strcspn(row, (const char[]){IMPORT_SEPARATOR, '\0'});
        json_t *json = json_loadb(row, size, JSON_REJECT_DUPLICATES, NULL);
        must(json_is_object(json));
        json_decref(json);
        buf_printf(rows, "%u:%u %s ", part->staged_files[i], part->staged_lines[i], part->staged_kinds[i]);
        buf_add(rows, row, size);
        row = row[size] != '\0' ? row + size + 1 : NULL;
    }
    must(row == NULL);
}

// What was read goes on in the next piece as it is stored, and to the end of the text.
static void store(import_t *import, loaded_t *loaded, buf_t *rows, buf_t *problems)
{
    Pcn__Registry__Store__V1__ImportPart part = PCN__REGISTRY__STORE__V1__IMPORT_PART__INIT;
    must(import_close(import, &part));
    add_staged(&part, rows);
    loaded->reading = part.reading;
    for (size_t i = 0; i < import->found; i++) {
        must(import->problems[i]->reason[0] != '\0' || import->problems[i]->field != NULL);
        buf_printf(problems, "%u:%u %s: %s\n", import->problems[i]->file, import->problems[i]->line,
                   import->problems[i]->field != NULL ? import->problems[i]->field : "-", import->problems[i]->reason);
    }
    loaded->files = import->files;
    loaded->n_files = import->file_count;
    loaded->rows = import->rows;
    loaded->problem_count = import->problem_count;
}

static void take(loaded_t *loaded, const char *file, const uint8_t *bytes, size_t size, arena_t *kept, buf_t *rows, buf_t *problems)
{
    import_t import;
    problem_t problem = {0};
    must(import_take_up(&import, loaded, TODAY, kept));
    const status_t status = file != NULL ? import_read(&import, file, bytes, size, &problem) : import_finish(&import, &problem);
    must(status == STATUS_OK);
    store(&import, loaded, rows, problems);
    import_end(&import);
}

static void read_all(const char *file, const uint8_t *data, size_t size, size_t step, buf_t *text)
{
    arena_t *kept = arena_new(ARENA_CAP);
    must(kept != NULL);
    loaded_t loaded = PCN__REGISTRY__STORE__V1__LOADED_IMPORT__INIT;
    loaded.start = (char *)"2019-07-01";
    buf_t problems;
    buf_init(&problems, TEXT_CAP);
    for (size_t at = 0; at < size; at += step)
        take(&loaded, file, data + at, size - at < step ? size - at : step, kept, text, &problems);
    take(&loaded, NULL, NULL, 0, kept, text, &problems);
    buf_printf(text, "\n%s%lld rows, %lld problems", problems.size > 0 ? problems.data : "", (long long)loaded.rows,
               (long long)loaded.problem_count);
    buf_deinit(&problems);
    arena_destroy(&kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const files[] = {
        "registry.json",  "organisations.csv",  "past.csv",       "coming.csv",       "successions.csv",
        "sub_groups.csv", "memberships.csv",    "directors.csv",  "waivers.csv",      "list_sizes.csv",
        "facts.csv",      "systems.csv",        "alignments.csv", "sites.csv",        "superseded.csv",
        "pcns.csv",       "pcn_sub_groups.csv", "practices.csv",  "system_facts.csv", "demographics.csv",
    };
    if (size < 4)
        return 0;
    const char *file = files[data[0] % (sizeof files / sizeof *files)];
    size_t step = (size_t)data[1] + 256 * (size_t)data[2];
    data += 3;
    size -= 3;
    // Each piece packs what goes before it, so very short ones of a long file would take all the time there is.
    const size_t least = 1 + size / 64;
    step = step < least ? least : step;
    step = step > IMPORT_PIECE_MAX ? IMPORT_PIECE_MAX : step;
    buf_t whole, pieces;
    buf_init(&whole, TEXT_CAP);
    buf_init(&pieces, TEXT_CAP);
    read_all(file, data, size, IMPORT_PIECE_MAX, &whole);
    read_all(file, data, size, step, &pieces);
    must(buf_ok(&whole) && buf_ok(&pieces) && whole.size == pieces.size && memcmp(whole.data, pieces.data, whole.size) == 0);
    buf_deinit(&whole);
    buf_deinit(&pieces);
    return 0;
}
