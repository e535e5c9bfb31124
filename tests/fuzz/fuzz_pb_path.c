// Any text as a path of fields of any type, and any JSON as the message that it is read from: a path resolves to what it says or not at
// all, and what is read at it is a parameter that its column would take. The first line is the type, the second the path, the rest is JSON.
#include <stdlib.h>
#include <string.h>

#include "common/pb/json.h"
#include "common/pb/message.h"
#include "common/pb/param.h"
#include "tests/fuzz/choice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

// The path's names, joined again, are the text.
static void check_names(const pb_path_t *path, const char *text)
{
    for (unsigned i = 0; i < path->depth; i++) {
        const ProtobufCFieldDescriptor *field = &path->type[i]->descriptor->fields[path->index[i]];
        const size_t length = strlen(field->name);
        must(strncmp(text, field->name, length) == 0 && text[length] == (i + 1 < path->depth ? '.' : '\0'));
        must(i + 1 == path->depth || (field->type == PROTOBUF_C_TYPE_MESSAGE && field->label != PROTOBUF_C_LABEL_REPEATED));
        text += length + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const pb_type_t *type = choose_type(&data, &size);
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    const size_t length = end != NULL ? (size_t)(end - data) : size;
    arena_t *arena = arena_new(64 * 1024 * 1024);
    must(arena != NULL);
    const char *text = arena_copy(arena, data, length);
    pb_path_t path;
    if (pb_path_resolve(type, text, &path)) {
        void *message = NULL;
        const char *parameter = "";
        size_t parameter_size = 0;
        must(path.depth >= 1 && path.depth <= PB_PATH_MAX && path.type[0] == type);
        check_names(&path, text);
        must(pb_param(&path, NULL, arena, &parameter, &parameter_size) == STATUS_OK && parameter == NULL);
        problem_t problem = {0};
        const char *json = (const char *)data + length + (end != NULL ? 1 : 0);
        if (pb_json_read(type, json, size - length - (end != NULL ? 1 : 0), PB_JSON_TRUSTED, arena, &message, NULL, NULL, &problem) ==
            STATUS_OK) {
            const status_t status = pb_param(&path, message, arena, &parameter, &parameter_size);
            must(status == STATUS_OK || status == STATUS_RESOURCE_EXHAUSTED);
            must(status != STATUS_OK || parameter == NULL || parameter[parameter_size] == '\0');
        }
    }
    arena_destroy(&arena);
    return 0;
}
