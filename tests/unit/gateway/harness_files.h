// A service of files for the harness, beyond the contract: bundles are uploaded (POST /v1/bundles, a piece goes to PutPart), a bundle is
// looked at (GET /v1/bundles/{id}), and a file of any size is downloaded (GET /v1/dumps/{format}).
//
// All is under the lock but what is set before the first request.
#ifndef PCN_TESTS_GATEWAY_HARNESS_FILES_H
#define PCN_TESTS_GATEWAY_HARNESS_FILES_H

#include <pthread.h>

#include "common/pb/type.h"
#include "common/rpc/client.h"

#define FILES_ID "0192f0c1-2345-7abc-8def-0123456789ab"
#define FILES_PIECES_MAX 2048
#define FILES_KEPT 262144

typedef struct files_piece {
    uint32_t number;
    char file[900];
    size_t size;
    bool data, last; // whether the fields were there
    char key[160], id[64];
} files_piece_t;

typedef struct harness_files {
    pthread_mutex_t lock;
    unsigned begun;
    bool dry_run;
    char begin_key[160];
    files_piece_t *pieces; // those that were taken
    size_t piece_count;
    uint8_t *content; // of all files, one after the other, the first of it
    size_t content_size;
    uint64_t bytes; // of all of it
    unsigned cancels;
    files_piece_t cancel; // the newest
    // Set by tests.
    status_t refuse_begin;
    bool hold_begin;
    bool no_id;         // the first method's reply names none
    uint32_t refuse_at; // a piece's number
    status_t refusal;
    status_t refuse_cancel;
    bool hold_cancel;
    uint32_t hold_at;             // until harness_release, which refuses it
    size_t dump_size, dump_piece; // bytes of a file to download, in pieces of so many
    size_t dump_fails_at;         // the piece that begins there is refused; 0 for none
    size_t dump_holds_at;         // is held
    const char *dump_type, *dump_name;
    unsigned dumps; // calls for pieces
} harness_files_t;

void harness_files_init(harness_files_t *files);
void harness_files_deinit(harness_files_t *files);
// The service's contract.
extern const pb_service_t harness_files_service;
// Answers, or is to be held where it is false.
bool harness_files_answer(harness_files_t *files, rpc_request_t *call, const pb_method_t *method, const void *request);
// What stands at a place of a file to download.
uint8_t harness_files_byte(size_t at);
// The pieces that were taken, under the lock; copied out.
size_t harness_files_count(harness_files_t *files);
// How many uploads were given up.
unsigned harness_files_cancels(harness_files_t *files);

#endif
