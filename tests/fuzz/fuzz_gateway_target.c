// Any target is refused with a sentence or taken apart into texts that are what they say: decoded, UTF-8, ended; and the contract's
// routes can be asked for it.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/id.h"
#include "services/gateway/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const target_text_t *text)
{
    assert(text->text[text->size] == '\0');
    assert(strlen(text->text) == text->size);
    assert(utf8_valid(text->text, text->size));
}

static void check_target(const target_t *target)
{
    for (size_t i = 0; i < target->segment_count; i++) {
        check_text(&target->segments[i]);
        assert(strcmp(target->segments[i].text, "..") != 0 && strcmp(target->segments[i].text, ".") != 0);
        assert(strpbrk(target->segments[i].text, "/\\") == NULL);
        assert(target->segments[i].size > 0 || i + 1 == target->segment_count);
    }
    for (size_t i = 0; i < target->parameter_count; i++) {
        check_text(&target->parameters[i].name);
        check_text(&target->parameters[i].value);
        for (size_t j = 0; j < i; j++)
            assert(strcmp(target->parameters[i].name.text, target->parameters[j].name.text) != 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    problem_t problem = {0};
    target_t target;
    arena_t *arena = arena_new(1 << 20);
    metrics_t *metrics = metrics_new();
    route_table_t *table;
    if (route_table_new(pcn_services, metrics, &table, &problem) != STATUS_OK)
        abort();
    status_t status = target_parse((const char *)data, size, arena, &target, &problem);
    if (status == STATUS_OK) {
        check_target(&target);
        for (int verb = 0; verb <= VERB_NONE; verb++) {
            route_match_t match = {0};
            if (route_find(table, &target, (verb_t)verb, &match))
                assert(match.allow[0] != '\0');
        }
    } else {
        assert(problem.detail[0] != '\0');
    }
    route_table_destroy(&table);
    metrics_destroy(&metrics);
    arena_destroy(&arena);
    return 0;
}
