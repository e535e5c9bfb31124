#include "services/ctl/archive.h"

#include <string.h>

// Places in a header.
enum {
    NAME_SIZE = 100,
    SIZE_AT = 124,
    SIZE_SIZE = 12,
    SUM_AT = 148,
    SUM_SIZE = 8,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    END_BLOCKS = 2,
};
#define FILE_MAX (INT64_C(1) << 32)

void archive_init(archive_t *archive, const archive_sink_t *sink, void *data)
{
    *archive = (archive_t){.sink = sink, .data = data};
}

static status_t refuse(problem_t *problem, const char *what)
{
    return problem_set(problem, STATUS_INVALID_ARGUMENT, NULL, "the server's archive %s", what);
}

// Octal digits up to a NUL or blank; -1 for anything else.
static int64_t octal(const unsigned char *text, size_t size)
{
    int64_t value = 0;
    size_t i = 0;
    for (; i < size && text[i] >= '0' && text[i] <= '7'; i++)
        value = value * 8 + (text[i] - '0');
    return i > 0 && i < size && (text[i] == '\0' || text[i] == ' ') ? value : -1;
}

static int64_t sum(const unsigned char block[ARCHIVE_BLOCK_SIZE])
{
    int64_t value = 0;
    for (size_t i = 0; i < ARCHIVE_BLOCK_SIZE; i++)
        value += i >= SUM_AT && i < SUM_AT + SUM_SIZE ? ' ' : block[i];
    return value;
}

static bool is_zero(const unsigned char block[ARCHIVE_BLOCK_SIZE])
{
    for (size_t i = 0; i < ARCHIVE_BLOCK_SIZE; i++) {
        if (block[i] != 0)
            return false;
    }
    return true;
}

static status_t begin_file(archive_t *archive, problem_t *problem)
{
    const unsigned char *block = archive->block;
    char name[ARCHIVE_NAME_SIZE];
    const int64_t size = octal(block + SIZE_AT, SIZE_SIZE);
    if (memcmp(block + MAGIC_AT, "ustar", 5) != 0 || octal(block + SUM_AT, SUM_SIZE) != sum(block) || size < 0 || size > FILE_MAX)
        return refuse(problem, "is broken");
    memcpy(name, block, NAME_SIZE);
    name[NAME_SIZE] = '\0';
    if ((block[TYPE_AT] != '0' && block[TYPE_AT] != '\0') || block[PREFIX_AT] != '\0' || name[0] == '\0' || name[0] == '.' ||
        strchr(name, '/') != NULL)
        return refuse(problem, "holds something else than files");
    archive->left = size;
    archive->padding = (ARCHIVE_BLOCK_SIZE - (size_t)(size % ARCHIVE_BLOCK_SIZE)) % ARCHIVE_BLOCK_SIZE;
    status_t status = archive->sink->open(archive->data, name, problem);
    return status == STATUS_OK && size == 0 ? archive->sink->close(archive->data, problem) : status;
}

static status_t end_block(archive_t *archive, problem_t *problem)
{
    archive->filled = 0;
    if (is_zero(archive->block)) {
        archive->zeros++;
        return STATUS_OK;
    }
    return archive->zeros == 0 ? begin_file(archive, problem) : refuse(problem, "goes on behind its end");
}

// What of the bytes belongs to the file that is open.
static status_t add_content(archive_t *archive, const unsigned char *bytes, size_t size, problem_t *problem)
{
    status_t status = archive->sink->add(archive->data, bytes, size, problem);
    archive->left -= (int64_t)size;
    return status == STATUS_OK && archive->left == 0 ? archive->sink->close(archive->data, problem) : status;
}

status_t archive_add(archive_t *archive, const void *bytes, size_t size, problem_t *problem)
{
    const unsigned char *at = bytes;
    status_t status = STATUS_OK;
    for (size_t taken; size > 0 && status == STATUS_OK; at += taken, size -= taken) {
        if (archive->left > 0) {
            taken = archive->left < (int64_t)size ? (size_t)archive->left : size;
            status = add_content(archive, at, taken, problem);
        } else if (archive->padding > 0) {
            taken = archive->padding < size ? archive->padding : size;
            archive->padding -= taken;
        } else {
            const size_t room = ARCHIVE_BLOCK_SIZE - archive->filled;
            taken = room < size ? room : size;
            memcpy(archive->block + archive->filled, at, taken);
            archive->filled += taken;
            if (archive->filled == ARCHIVE_BLOCK_SIZE)
                status = end_block(archive, problem);
        }
    }
    return status;
}

status_t archive_finish(const archive_t *archive, problem_t *problem)
{
    return archive->zeros >= END_BLOCKS && archive->filled == 0 ? STATUS_OK : refuse(problem, "ends too early");
}
