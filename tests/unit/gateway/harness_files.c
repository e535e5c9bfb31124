#include "tests/unit/gateway/harness_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/pb/message.h"
#include "pcn/registry/v1/registry.meta.h"
#include "tests/unit/gateway/harness_log.h"

typedef Pcn__Registry__V1__PutImportPartRequest put_t;

static const pb_method_t methods[] = {
    {.name = "files/Begin",
     .short_name = "Begin",
     .service = "registry",
     .request = &pcn__registry__v1__begin_import_request__type,
     .reply = &pcn__registry__v1__job__type,
     .verb = "POST",
     .path = "/v1/bundles",
     .scope = "organisations.write",
     .flags = PB_CHANGES,
     .success = 202,
     .upload = "PutPart"},
    {.name = "files/PutPart",
     .short_name = "PutPart",
     .service = "registry",
     .request = &pcn__registry__v1__put_import_part_request__type,
     .reply = &pcn__registry__v1__job__type,
     .scope = "organisations.write",
     .flags = PB_CHANGES,
     .success = 200,
     .part_of = "Begin"},
    {.name = "files/Get",
     .short_name = "Get",
     .service = "registry",
     .request = &pcn__registry__v1__get_job_request__type,
     .reply = &pcn__registry__v1__job__type,
     .verb = "GET",
     .path = "/v1/bundles/{id}",
     .success = 200},
    {.name = "files/Dump",
     .short_name = "Dump",
     .service = "registry",
     .request = &pcn__registry__v1__export_request__type,
     .reply = &pcn__registry__v1__export_reply__type,
     .verb = "GET",
     .path = "/v1/dumps/{format}",
     .scope = "registry.read",
     .flags = PB_DOWNLOAD,
     .success = 200},
};
const pb_service_t harness_files_service = {"files", "", methods, sizeof(methods) / sizeof(methods[0])};

void harness_files_init(harness_files_t *files)
{
    pthread_mutex_init(&files->lock, NULL);
    files->pieces = calloc(FILES_PIECES_MAX, sizeof(*files->pieces));
    files->content = calloc(1, FILES_KEPT);
    files->dump_type = "text/csv";
    files->dump_name = "dump.csv";
    files->dump_size = 1000;
    files->dump_piece = 400;
}

void harness_files_deinit(harness_files_t *files)
{
    free(files->pieces);
    free(files->content);
    pthread_mutex_destroy(&files->lock);
}

uint8_t harness_files_byte(size_t at)
{
    return (uint8_t)(at * 31 + at / 251 + at / 65536);
}

size_t harness_files_count(harness_files_t *files)
{
    pthread_mutex_lock(&files->lock);
    size_t count = files->piece_count;
    pthread_mutex_unlock(&files->lock);
    return count;
}

unsigned harness_files_cancels(harness_files_t *files)
{
    pthread_mutex_lock(&files->lock);
    unsigned count = files->cancels;
    pthread_mutex_unlock(&files->lock);
    return count;
}

static void refuse(rpc_request_t *call, status_t status)
{
    problem_t problem = {0};
    problem_set(&problem, status, "file", "the service's own words");
    call->done(call, NULL, NULL, 0, &problem);
}

static void answer_job(harness_files_t *files, rpc_request_t *call, bool replayed)
{
    Pcn__Registry__V1__Job job = PCN__REGISTRY__V1__JOB__INIT;
    job.id = files->no_id ? NULL : (char *)FILES_ID;
    harness_reply_with(call, &job, 0, replayed);
}

static void describe(files_piece_t *piece, const rpc_request_t *call, const put_t *put)
{
    *piece = (files_piece_t){.number = put->number, .size = put->data.len, .data = put->has_data, .last = put->has_last && put->last};
    snprintf(piece->file, sizeof(piece->file), "%s", put->file != NULL ? put->file : "");
    snprintf(piece->key, sizeof(piece->key), "%s", call->header.idempotency_key);
    snprintf(piece->id, sizeof(piece->id), "%s", put->id);
}

static void remember(harness_files_t *files, const rpc_request_t *call, const put_t *put)
{
    describe(&files->pieces[files->piece_count++], call, put);
    const size_t room = FILES_KEPT - files->content_size, part = put->data.len < room ? put->data.len : room;
    if (part > 0)
        memcpy(files->content + files->content_size, put->data.data, part);
    files->content_size += part;
    files->bytes += put->data.len;
}

// The page token is the place in the file.
static bool answer_dump(harness_files_t *files, rpc_request_t *call, const Pcn__Registry__V1__ExportRequest *request)
{
    Pcn__Registry__V1__ExportReply reply = PCN__REGISTRY__V1__EXPORT_REPLY__INIT;
    const size_t at = request->page_token != NULL ? strtoul(request->page_token, NULL, 10) : 0;
    const size_t left = files->dump_size - at, size = left < files->dump_piece ? left : files->dump_piece;
    char token[24];
    files->dumps++;
    if (files->dump_fails_at != 0 && at == files->dump_fails_at) {
        refuse(call, STATUS_UNAVAILABLE);
        return true;
    }
    if (files->dump_holds_at != 0 && at == files->dump_holds_at)
        return false;
    reply.has_data = 1;
    reply.data = (ProtobufCBinaryData){.len = size, .data = malloc(size + 1)};
    for (size_t i = 0; i < size; i++)
        reply.data.data[i] = harness_files_byte(at + i);
    snprintf(token, sizeof(token), "%zu", at + size);
    reply.next_page_token = at + size < files->dump_size ? token : NULL;
    reply.content_type = at == 0 ? (char *)files->dump_type : NULL;
    reply.file_name = at == 0 ? (char *)files->dump_name : NULL;
    harness_reply_with(call, &reply, 0, false);
    free(reply.data.data);
    return true;
}

static bool answer_cancel(harness_files_t *files, rpc_request_t *call, const put_t *put)
{
    files->cancels++;
    describe(&files->cancel, call, put);
    if (files->hold_cancel)
        return false;
    if (files->refuse_cancel != STATUS_OK)
        refuse(call, files->refuse_cancel);
    else
        answer_job(files, call, false);
    return true;
}

static bool answer_put(harness_files_t *files, rpc_request_t *call, const put_t *put)
{
    if (put->has_cancel && put->cancel)
        return answer_cancel(files, call, put);
    if (files->refuse_at != 0 && put->number == files->refuse_at) {
        refuse(call, files->refusal);
    } else if (files->hold_at != 0 && put->number == files->hold_at) {
        return false;
    } else if (files->piece_count == FILES_PIECES_MAX) {
        refuse(call, STATUS_INTERNAL);
    } else {
        remember(files, call, put);
        answer_job(files, call, strncmp(call->header.idempotency_key, "again.", 6) == 0);
    }
    return true;
}

bool harness_files_answer(harness_files_t *files, rpc_request_t *call, const pb_method_t *method, const void *request)
{
    bool answered = true;
    pthread_mutex_lock(&files->lock);
    if (strcmp(method->short_name, "PutPart") == 0) {
        answered = answer_put(files, call, request);
    } else if (strcmp(method->short_name, "Dump") == 0) {
        answered = answer_dump(files, call, request);
    } else if (strcmp(method->short_name, "Begin") == 0) {
        files->begun++;
        files->dry_run = ((const Pcn__Registry__V1__BeginImportRequest *)request)->dry_run;
        snprintf(files->begin_key, sizeof(files->begin_key), "%s",
                 call->header.idempotency_key != NULL ? call->header.idempotency_key : "");
        answered = !files->hold_begin;
        if (files->hold_begin)
            files->hold_begin = false;
        else if (files->refuse_begin != STATUS_OK)
            refuse(call, files->refuse_begin);
        else
            answer_job(files, call, false);
    } else {
        answer_job(files, call, false);
    }
    pthread_mutex_unlock(&files->lock);
    return answered;
}
