#include "services/gateway/route_files.h"

#include <string.h>

static bool find_field(const pb_type_t *type, const char *name, ProtobufCType kind, unsigned *index)
{
    const int found = pb_field_by_name(type, name);
    if (found < 0 || type->descriptor->fields[found].type != kind || type->descriptor->fields[found].label != PROTOBUF_C_LABEL_OPTIONAL)
        return false;
    *index = (unsigned)found;
    return true;
}

const char *route_upload_find(const pb_service_t *service, const pb_method_t *method, route_upload_t *upload)
{
    if (method->upload == NULL)
        return NULL;
    for (unsigned i = 0; i < service->method_count; i++) {
        const pb_method_t *piece = &service->methods[i];
        if (strcmp(piece->short_name, method->upload) == 0 && piece->part_of != NULL && strcmp(piece->part_of, method->short_name) == 0)
            upload->piece = piece;
    }
    if (upload->piece == NULL)
        return "no method takes the pieces of its upload";
    const pb_type_t *type = upload->piece->request;
    if (method->body != NULL || upload->piece->reply != method->reply)
        return "an upload's body is not JSON, and all its methods answer the same";
    if (!find_field(method->reply, "id", PROTOBUF_C_TYPE_STRING, &upload->begun_id) ||
        !find_field(type, "id", PROTOBUF_C_TYPE_STRING, &upload->id) ||
        !find_field(type, "number", PROTOBUF_C_TYPE_UINT32, &upload->number) ||
        !find_field(type, "file", PROTOBUF_C_TYPE_STRING, &upload->file) ||
        !find_field(type, "data", PROTOBUF_C_TYPE_BYTES, &upload->data) || !find_field(type, "last", PROTOBUF_C_TYPE_BOOL, &upload->last) ||
        !find_field(type, "cancel", PROTOBUF_C_TYPE_BOOL, &upload->cancel))
        return "an upload's messages lack a field";
    return NULL;
}

const char *route_download_find(const pb_method_t *method, route_download_t *download)
{
    download->is = (method->flags & PB_DOWNLOAD) != 0;
    if (!download->is)
        return NULL;
    if (!find_field(method->request, "page_token", PROTOBUF_C_TYPE_STRING, &download->page_token) ||
        !find_field(method->reply, "data", PROTOBUF_C_TYPE_BYTES, &download->data) ||
        !find_field(method->reply, "next_page_token", PROTOBUF_C_TYPE_STRING, &download->next_page_token) ||
        !find_field(method->reply, "content_type", PROTOBUF_C_TYPE_STRING, &download->content_type) ||
        !find_field(method->reply, "file_name", PROTOBUF_C_TYPE_STRING, &download->file_name))
        return "a download's messages lack a field";
    return NULL;
}
