#include "services/registry/rules_organisation.h"

#include <stdio.h>
#include <string.h>

#include "common/pb/message.h"
#include "common/service/patch.h"
#include "services/registry/rules_term.h"

static const char *const parents_of_network[] = {"ccg", "sub-icb", "ics", NULL};
static const char *const parents_of_practice[] = {"network", "ccg", "sub-icb", "ics", NULL};
static const char *const places[] = {"local-authority", "local-system", NULL};

void organisation_complete(organisation_t *organisation)
{
    static const Pcn__Registry__V1__OrganisationLevel level_of[] = {
        [KIND(ICS)] = LEVEL(SYSTEM),         [KIND(CCG)] = LEVEL(PLACE),
        [KIND(SUB_ICB)] = LEVEL(PLACE),      [KIND(LOCAL_AUTHORITY)] = LEVEL(PLACE),
        [KIND(LOCAL_SYSTEM)] = LEVEL(PLACE), [KIND(NETWORK)] = LEVEL(NEIGHBOURHOOD),
        [KIND(PRACTICE)] = LEVEL(PRACTICE),
    };
    if (!organisation->has_status) {
        organisation->has_status = 1;
        organisation->status = STATUS_OF(ACTIVE);
    }
    const size_t kind = (size_t)organisation->kind;
    if (!organisation->has_level && kind < sizeof level_of / sizeof *level_of && level_of[kind] != LEVEL(UNSPECIFIED)) {
        organisation->has_level = 1;
        organisation->level = level_of[kind];
    }
}

status_t organisation_check(const organisation_t *organisation, problem_t *problem)
{
    if (organisation->opened_on != NULL && !term_ordered(organisation->opened_on, organisation->closed_on))
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "closedOn", "It cannot close before it opened, on %s",
                           organisation->opened_on);
    if (organisation->status == STATUS_OF(CLOSED) && organisation->closed_on == NULL)
        return problem_set(problem, STATUS_INVALID_ARGUMENT, "closedOn", "A closed organisation has the day on which it closed");
    for (size_t i = 0; i < organisation->n_identifiers; i++) {
        const Pcn__Registry__V1__Identifier *identifier = organisation->identifiers[i];
        if (identifier->from != NULL && !term_ordered(identifier->from, identifier->to)) {
            char field[48];
            (void)snprintf(field, sizeof field, "identifiers[%zu].to", i);
            return problem_set(problem, STATUS_INVALID_ARGUMENT, field, "It cannot end before it begins");
        }
    }
    if (organisation->payee != NULL && organisation->kind != KIND(NETWORK))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "payee", "Only a network has a nominated payee");
    return STATUS_OK;
}

const char *const *organisation_parent_kinds(organisation_kind_t kind)
{
    if (kind == KIND(NETWORK))
        return parents_of_network;
    return kind == KIND(PRACTICE) ? parents_of_practice : NULL;
}

const char *const *organisation_place_kinds(void)
{
    return places;
}

bool organisation_kind_commissions(organisation_kind_t kind)
{
    return kind == KIND(CCG) || kind == KIND(SUB_ICB) || kind == KIND(ICS);
}

static const char *kind_name(organisation_kind_t kind)
{
    const pb_enum_t *kinds = &pcn__registry__v1__organisation_kind__enum;
    for (unsigned i = 0; i < kinds->descriptor->n_values; i++) {
        if (kinds->descriptor->values[i].value == (int)kind && kinds->json[i] != NULL)
            return kinds->json[i];
    }
    return "unknown";
}

static bool kind_among(organisation_kind_t kind, const char *const *kinds)
{
    for (; kinds != NULL && *kinds != NULL; kinds++) {
        if (strcmp(*kinds, kind_name(kind)) == 0)
            return true;
    }
    return kinds == NULL;
}

static bool same_code(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static status_t check_parent(const organisation_t *organisation, const references_t *references, bool unlimited, problem_t *problem)
{
    if (organisation->parent == NULL) {
        if (unlimited)
            return STATUS_OK;
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "parent", "It needs a parent; only a system manager may leave it out");
    }
    if (strcmp(organisation->parent, organisation->code) == 0 || references->parent_circle)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "parent", "%s lies below %s: that would close a circle",
                           organisation->parent, organisation->code);
    if (!references->has_parent_kind)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "parent", "There is no organisation %s", organisation->parent);
    if (!unlimited && !references->parent_within_reach)
        return problem_set(problem, STATUS_NOT_FOUND, "parent", "There is no organisation %s within your reach", organisation->parent);
    if (!kind_among(references->parent_kind, organisation_parent_kinds(organisation->kind)))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "parent", "%s is of kind %s, which cannot be the parent of kind %s",
                           organisation->parent, kind_name(references->parent_kind), kind_name(organisation->kind));
    return STATUS_OK;
}

static status_t check_place(const organisation_t *organisation, const references_t *references, problem_t *problem)
{
    if (organisation->place == NULL)
        return STATUS_OK;
    if (strcmp(organisation->place, organisation->code) == 0 || references->place_circle)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "place", "%s lies below %s: that would close a circle", organisation->place,
                           organisation->code);
    if (!references->has_place_kind)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "place", "There is no organisation %s", organisation->place);
    if (!kind_among(references->place_kind, places))
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "place", "%s is of kind %s, which is no place", organisation->place,
                           kind_name(references->place_kind));
    return STATUS_OK;
}

status_t organisation_check_references(const organisation_t *before, const organisation_t *organisation, const references_t *references,
                                       bool unlimited, problem_t *problem)
{
    if (before == NULL && references->code_taken)
        return problem_set(problem, STATUS_ALREADY_EXISTS, "code", "There is an organisation %s already", organisation->code);
    if (before == NULL || !same_code(before->parent, organisation->parent)) {
        status_t status = check_parent(organisation, references, unlimited, problem);
        if (status != STATUS_OK)
            return status;
    }
    if (before == NULL || !same_code(before->place, organisation->place)) {
        status_t status = check_place(organisation, references, problem);
        if (status != STATUS_OK)
            return status;
    }
    // A network may be its own payee, also while it is being created.
    const bool payee_changes = organisation->payee != NULL && (before == NULL || !same_code(before->payee, organisation->payee));
    if (payee_changes && strcmp(organisation->payee, organisation->code) != 0 && !references->has_payee_kind)
        return problem_set(problem, STATUS_FAILED_PRECONDITION, "payee", "There is no organisation %s", organisation->payee);
    return STATUS_OK;
}

status_t organisation_check_above(const organisation_t *organisation, const references_t *references, const char *open_until,
                                  problem_t *problem)
{
    const struct {
        const char *field, *code, *closed_from;
    } above[] = {{"parent", organisation->parent, references->parent_closed_from},
                 {"place", organisation->place, references->place_closed_from},
                 // Who was paid for one that is closed may have closed before.
                 {"payee", organisation->status != STATUS_OF(CLOSED) ? organisation->payee : NULL, references->payee_closed_from}};
    for (size_t i = 0; i < sizeof above / sizeof *above; i++) {
        const char *closed = above[i].closed_from;
        if (above[i].code != NULL && closed != NULL && (open_until == NULL || strcmp(open_until, closed) > 0))
            return problem_set(problem, STATUS_FAILED_PRECONDITION, above[i].field, "%s is closed from %s on", above[i].code, closed);
    }
    return STATUS_OK;
}

status_t organisation_check_membership(const aggregate_t *row, const organisation_t *before, const organisation_t *after,
                                       problem_t *problem)
{
    if (row->member_of == NULL || same_code(before->parent, after->parent) || same_code(row->member_of, after->parent))
        return STATUS_OK;
    return problem_set(problem, STATUS_FAILED_PRECONDITION, "parent", "It is a member of %s: change the membership instead",
                       row->member_of);
}

status_t organisation_patch(const organisation_t *before, const organisation_t *patch, char *const *clear, size_t clear_count,
                            arena_t *arena, organisation_t **after, problem_t *problem)
{
    void *patched;
    status_t status = message_patch(ORGANISATION_TYPE, before, patch, clear, clear_count, arena, &patched, problem);
    if (status != STATUS_OK)
        return status;
    organisation_t *organisation = patched;
    organisation_complete(organisation);
    *after = organisation;
    return STATUS_OK;
}
