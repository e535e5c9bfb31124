#include "services/registry/handlers_export.h"

#include "common/pb/message.h"
#include "common/service/page.h"
#include "services/registry/handlers.h"
#include "services/registry/rules_export.h"

#define RETRY_AFTER_MS 60000

// The piece that the token names; none for the first of a new export.
status_t prepare_export(service_call_t *call)
{
    const Pcn__Registry__V1__ExportRequest *request = call->request;
    if (request->page_token == NULL)
        return STATUS_OK;
    Pcn__Platform__V1__PagePlace *place = pb_new(PAGE_PLACE_TYPE, call->arena);
    if (place == NULL || (place->parts = arena_alloc(call->arena, EXPORT_PARTS * sizeof *place->parts)) == NULL)
        return refuse_memory(call);
    place->n_parts = EXPORT_PARTS;
    call->prepared = place;
    return export_token_read(request->page_token, request->format, place->parts, call->arena, call->problem);
}

status_t decide_export(service_call_t *call)
{
    const Pcn__Registry__V1__ExportRequest *request = call->request;
    if (call->row_count == 0)
        return problem_set(call->problem, STATUS_NOT_FOUND, "pageToken", "The export is not kept any longer");
    const export_piece_t *piece = call->rows[0];
    if (piece->export == NULL) {
        const status_t status =
            problem_set(call->problem, STATUS_RESOURCE_EXHAUSTED, NULL, "Too many exports are kept for their downloads");
        call->problem->retry_after_ms = RETRY_AFTER_MS;
        return status;
    }
    Pcn__Registry__V1__ExportReply *reply = pb_new(&pcn__registry__v1__export_reply__type, call->arena);
    if (reply == NULL)
        return refuse_memory(call);
    call->reply = reply;
    reply->has_data = 1;
    const status_t status = export_bytes(request->format, piece, call->arena, &reply->data, call->problem);
    if (status != STATUS_OK)
        return status;
    if (!piece->last && (reply->next_page_token = export_token(request->format, piece->export, piece->number + 1, call->arena)) == NULL)
        return refuse_memory(call);
    if (request->page_token == NULL) {
        const bool archive = request->format == EXPORT_FORMAT(CSV);
        reply->content_type = arena_string(call->arena, archive ? "application/x-tar" : "application/json");
        reply->file_name = arena_string(call->arena, archive ? "registry.tar" : "registry.json");
        if (reply->content_type == NULL || reply->file_name == NULL)
            return refuse_memory(call);
    }
    return STATUS_OK;
}
