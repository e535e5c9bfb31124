#include "services/gateway/documents.h"

#include <string.h>

const document_t *document_find(const char *name)
{
    for (const document_t *document = documents; document->name != NULL; document++) {
        if (strcmp(document->name, name) == 0)
            return document;
    }
    return NULL;
}
