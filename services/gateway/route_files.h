// Methods whose body or answer is a file: which fields of which messages carry it, from the contract (MethodRule.upload, .download).
#ifndef PCN_GATEWAY_ROUTE_FILES_H
#define PCN_GATEWAY_ROUTE_FILES_H

#include "common/pb/type.h"

typedef struct route_upload {
    const pb_method_t *piece; // takes the body's pieces; NULL where the body is no form
    unsigned begun_id;        // of the first method's reply
    unsigned id, number, file, data, last, cancel;
} route_upload_t;

typedef struct route_download {
    bool is;
    unsigned page_token;                                     // of the request
    unsigned data, next_page_token, content_type, file_name; // of the reply
} route_download_t;

// NULL, or what the contract lacks.
const char *route_upload_find(const pb_service_t *service, const pb_method_t *method, route_upload_t *upload);
const char *route_download_find(const pb_method_t *method, route_download_t *download);

#endif
