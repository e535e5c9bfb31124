// Any text as a page token of any list: only what page_token_make would make is one. Lines: the filters `parent` and `q` (empty for none),
// then the token, or '=' and a code to make one of.
#include <stdlib.h>
#include <string.h>

#include "common/base/id.h"
#include "services/registry/rules_paging.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

// The next line, or NULL where it is empty.
static char *line(char **at)
{
    char *begin = *at, *end = strchr(begin, '\n');
    *at = end != NULL ? end + 1 : begin + strlen(begin);
    if (end != NULL)
        *end = '\0';
    return *begin != '\0' ? begin : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    arena_t *arena = arena_new(1024 * 1024);
    must(arena != NULL);
    char *at = arena_copy(arena, data, size);
    must(at != NULL);
    // A request's texts are UTF-8 without a NUL: the wire's scan has seen to that.
    if (!utf8_valid(at, size)) {
        arena_destroy(&arena);
        return 0;
    }
    Pcn__Registry__V1__ListOrganisationsRequest request = PCN__REGISTRY__V1__LIST_ORGANISATIONS_REQUEST__INIT;
    request.has_kind = (protobuf_c_boolean)(size % 2);
    request.kind = (organisation_kind_t)(size % 17);
    request.parent = line(&at);
    request.q = line(&at);
    char *token = line(&at);
    problem_t problem = {0};
    if (token != NULL && token[0] == '=' && code_valid(token + 1)) {
        request.page_token = page_token_make(&request, token + 1, 0, arena);
        must(request.page_token != NULL && page_token_check(&request, arena, &problem) == STATUS_OK);
        // Bound to its filters.
        Pcn__Registry__V1__ListOrganisationsRequest other = request;
        other.q = other.q == NULL ? (char *)"q" : NULL;
        must(page_token_check(&other, arena, &problem) == STATUS_INVALID_ARGUMENT);
    } else {
        request.page_token = token;
        const status_t status = page_token_check(&request, arena, &problem);
        must(status == STATUS_OK || (status == STATUS_INVALID_ARGUMENT && strcmp(problem.field, "pageToken") == 0));
    }
    arena_destroy(&arena);
    return 0;
}
