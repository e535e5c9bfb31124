// What the platform says of its own interface: /openapi.json, /asyncapi.json, /docs. Made from the contract when the gateway is built, and
// part of it, so that they are those of the version that answers.
#ifndef PCN_GATEWAY_DOCUMENTS_H
#define PCN_GATEWAY_DOCUMENTS_H

#include <stddef.h>

typedef struct document {
    const char *name; // the path's only segment
    const char *type;
    const char *etag; // with its quotes; another content has another one
    const unsigned char *bytes;
    size_t size;
} document_t;

// Ended by one without a name.
extern const document_t documents[];

// NULL where there is none of that name.
const document_t *document_find(const char *name);

#endif
