// Rules of one row, and the rows of the registry's own kinds that it becomes: a line of the data set may be several.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/pb/field.h"
#include "common/pb/json.h"
#include "common/pb/message.h"
#include "services/registry/rules_import_internal.h"
#include "services/registry/rules_organisation.h"
#include "services/registry/rules_term.h"

// An area of which the documents state figures; the registry has no organisation for it.
#define ENGLAND "england"
#define DIRECTORS_MAX 16
// Table 5 is about this system; the file does not repeat it.
#define TABLE_5_SYSTEM "ics-llr"
#define TABLE_5_SOURCE "002_14b2ec4da8d9c2f3.txt section 16.3 (Table 5)"
#define CORE_STREAM "core-pcn"
#define CORE_YEAR "2019/20"

typedef Pcn__Registry__V1__OrganisationRow organisation_row_t;
typedef Pcn__Registry__V1__MembershipRow membership_row_t;
typedef Pcn__Registry__V1__DirectorRow director_row_t;
typedef Pcn__Registry__V1__ListSizeRow list_size_row_t;

#define ORGANISATION_ROW (&pcn__registry__v1__organisation_row__type)
#define MEMBERSHIP_ROW (&pcn__registry__v1__membership_row__type)
#define DIRECTOR_ROW (&pcn__registry__v1__director_row__type)
#define LIST_SIZE_ROW (&pcn__registry__v1__list_size_row__type)

typedef struct row {
    import_t *import;
    const import_source_t *source;
    void *message;
} row_t;

static bool refuse(const row_t *row, const char *path, const char *detail)
{
    import_note_field(row->import, row->source, path, detail);
    return false;
}

static bool refuse_with(const row_t *row, const char *path, const char *before, const char *text)
{
    char detail[128];
    (void)snprintf(detail, sizeof detail, "%s%s", before, text);
    return refuse(row, path, detail);
}

// Without a first day it holds since ever.
static bool ordered(const row_t *row, const char *from, const char *to)
{
    return from == NULL || term_ordered(from, to) || refuse_with(row, "to", "Is before the first day, ", from);
}

// What was found never to have held was on record before.
static bool superseded_after(const row_t *row, const char *recorded_at, const char *superseded_at)
{
    int64_t recorded, superseded;
    if (recorded_at == NULL || superseded_at == NULL || !instant_parse(recorded_at, &recorded) ||
        !instant_parse(superseded_at, &superseded) || superseded >= recorded)
        return true;
    return refuse_with(row, "supersededAt", "Is before it was recorded, ", recorded_at);
}

static bool is_object(const char *json)
{
    return json[strspn(json, " \t\r\n")] == '{';
}

static bool check_facts(const row_t *row, organisation_kind_t kind)
{
    organisation_t *organisation = pb_new(ORGANISATION_TYPE, row->import->scratch);
    problem_t problem = {0};
    if (organisation == NULL) {
        row->import->failed = true;
        return false;
    }
    pb_merge(ORGANISATION_TYPE, organisation, row->source->type, row->message);
    organisation->has_kind = 1;
    organisation->kind = kind;
    return organisation_check(organisation, &problem) == STATUS_OK || refuse(row, problem.field, problem.detail);
}

static bool check_organisation(const row_t *row)
{
    const organisation_row_t *organisation = row->message;
    bool good = check_facts(row, organisation->kind);
    if (organisation->facts_from != NULL && strcmp(organisation->facts_from, row->import->today) > 0)
        good = refuse(row, "factsFrom", "Is after today: what comes then belongs in the file coming");
    return good;
}

static bool check_past(const row_t *row)
{
    const Pcn__Registry__V1__PastRow *past = row->message;
    // Its kind stands elsewhere, so that a payee is looked at together with the other rows.
    const bool good = check_facts(row, KIND(NETWORK));
    return ordered(row, past->from, past->to) && superseded_after(row, past->recorded_at, past->superseded_at) && good;
}

static bool check_coming(const row_t *row)
{
    const Pcn__Registry__V1__ComingRow *coming = row->message;
    void *patch = NULL;
    char **cleared = NULL;
    size_t clear_count = 0;
    problem_t problem = {0};
    status_t status = pb_json_read(ORGANISATION_TYPE, coming->changes, strlen(coming->changes), PB_JSON_PATCH, row->import->scratch, &patch,
                                   &cleared, &clear_count, &problem);
    if (status == STATUS_OK)
        status = pb_validate(ORGANISATION_TYPE, patch, true, &problem);
    if (status != STATUS_OK) {
        problem_prefix(&problem, "changes");
        return refuse(row, problem.field, problem.detail);
    }
    bool empty = clear_count == 0;
    for (unsigned i = 0; i < ORGANISATION_TYPE->descriptor->n_fields; i++)
        empty = empty && !pb_has(ORGANISATION_TYPE, patch, i);
    return !empty || refuse(row, "changes", "Changes nothing");
}

static bool check_succession(const row_t *row)
{
    const Pcn__Registry__V1__SuccessionRow *succession = row->message;
    return strcmp(succession->predecessor, succession->successor) != 0 || refuse(row, "successor", "Is the predecessor");
}

// What begins on no day of its own begins with the import.
static bool assume_start(const row_t *row, char **from, protobuf_c_boolean *has_assumed, protobuf_c_boolean *assumed)
{
    if (*from == NULL) {
        *from = (char *)(uintptr_t)row->import->start;
        *has_assumed = *assumed = 1;
    }
    return true;
}

static bool check_membership(const row_t *row)
{
    membership_row_t *membership = row->message;
    if (strcmp(membership->network, membership->practice) == 0)
        return refuse(row, "practice", "Is the network");
    return assume_start(row, &membership->from, &membership->has_from_assumed, &membership->from_assumed) &&
           ordered(row, membership->from, membership->to);
}

static bool check_director(const row_t *row)
{
    director_row_t *director = row->message;
    if (director->share != NULL && strtod(director->share, NULL) <= 0)
        return refuse(row, "share", "A share is more than nothing");
    return assume_start(row, &director->from, &director->has_from_assumed, &director->from_assumed) &&
           ordered(row, director->from, director->to);
}

static bool check_waiver(const row_t *row)
{
    const Pcn__Registry__V1__WaiverRow *waiver = row->message;
    return ordered(row, waiver->from, waiver->to);
}

static bool check_day_of_count(const row_t *row, const char *as_of)
{
    return as_of == NULL || strcmp(as_of, row->import->today) <= 0 || refuse(row, "asOf", "Is in the future");
}

static bool check_list_size(const row_t *row)
{
    const list_size_row_t *size = row->message;
    return check_day_of_count(row, size->as_of);
}

static bool check_system(const row_t *row)
{
    const Pcn__Registry__V1__SystemRow *system = row->message;
    return ordered(row, system->from, system->to);
}

static bool check_alignment(const row_t *row)
{
    const Pcn__Registry__V1__AlignmentRow *alignment = row->message;
    return ordered(row, alignment->from, alignment->to);
}

static bool check_site(const row_t *row)
{
    const Pcn__Registry__V1__SiteRow *site = row->message;
    return ordered(row, site->from, site->to);
}

static bool check_superseded(const row_t *row)
{
    static const char *const kinds[] = {"membership", "director", "list-size", "fact", "system", "alignment", "waiver"};
    const Pcn__Registry__V1__SupersededRow *superseded = row->message;
    bool known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        known = known || strcmp(superseded->kind, kinds[i]) == 0;
    if (!known)
        return refuse_with(row, "kind",
                           "Is not one of membership, director, list-size, fact, system, alignment, waiver: ", superseded->kind);
    if (!is_object(superseded->fact))
        return refuse(row, "fact", "Is no JSON object");
    return superseded_after(row, superseded->recorded_at, superseded->superseded_at);
}

// ---- what they become ----

static void stage(const row_t *row, const char *kind, const pb_type_t *type, const void *message)
{
    if (message == NULL)
        row->import->failed = true;
    else
        import_add_row(row->import, row->source, kind, type, message);
}

static void stage_as_is(const row_t *row, const char *kind)
{
    stage(row, kind, row->source->type, row->message);
}

static void stage_fact(const row_t *row)
{
    const Pcn__Registry__V1__FactRow *fact = row->message;
    if (strcmp(fact->organisation, ENGLAND) != 0)
        stage_as_is(row, "facts");
}

// The first year's alone: the amounts of the others are of populations to come.
static void stage_implied_population(const row_t *row)
{
    const Pcn__Registry__V1__FundingImpliedRow *implied = row->message;
    if (strcmp(implied->stream_code, CORE_STREAM) != 0 || strcmp(implied->year, CORE_YEAR) != 0)
        return;
    Pcn__Registry__V1__FactRow *fact = pb_new(&pcn__registry__v1__fact_row__type, row->import->scratch);
    if (fact != NULL) {
        fact->organisation = (char *)TABLE_5_SYSTEM;
        fact->fact = (char *)"population_implied_by_core_funding";
        fact->has_qualifier = 1;
        fact->qualifier = PCN__REGISTRY__V1__QUALIFIER__QUALIFIER_EQ;
        fact->value = arena_printf(row->import->scratch, "%lld", (long long)implied->implied_population);
        fact->unit = (char *)"people";
        fact->period = implied->year;
        fact->notes = (char *)"amount / 1.50, rounded";
        fact->source = (char *)TABLE_5_SOURCE;
    }
    stage(row, "facts", &pcn__registry__v1__fact_row__type, fact != NULL && fact->value != NULL ? fact : NULL);
}

// A registered list size; without a day it is of its network's.
static void stage_size(const row_t *row, char *organisation, char *sub_group, int64_t count, char *as_of, char *source)
{
    list_size_row_t *size = pb_new(LIST_SIZE_ROW, row->import->scratch);
    if (size != NULL) {
        size->organisation = organisation;
        size->has_kind = size->has_count = 1;
        size->kind = SIZE_KIND(REGISTERED);
        size->sub_group = sub_group;
        size->count = count;
        size->as_of = as_of;
        size->source = source;
    }
    stage(row, "list_sizes", LIST_SIZE_ROW, size);
}

// Who is named between semicolons. False with the problem noted.
static bool split_directors(const row_t *row, char *names, char *found[DIRECTORS_MAX], size_t *count)
{
    *count = 0;
    for (char *rest = names, *name; (name = strsep(&rest, ";")) != NULL;) {
        name += strspn(name, " \t");
        size_t size = strlen(name);
        while (size > 0 && (name[size - 1] == ' ' || name[size - 1] == '\t'))
            name[--size] = '\0';
        if (size == 0)
            continue;
        if (size > 4 * 200)
            return refuse(row, "clinicalDirectors", "A name has more than 200 characters");
        for (size_t i = 0; i < *count; i++) {
            if (strcmp(found[i], name) == 0)
                return refuse_with(row, "clinicalDirectors", "Names twice: ", name);
        }
        if (*count == DIRECTORS_MAX)
            return refuse(row, "clinicalDirectors", "Names more than 16 directors");
        found[(*count)++] = name;
    }
    return true;
}

static void stage_director(const row_t *row, const Pcn__Registry__V1__PcnRow *pcn, char *name)
{
    director_row_t *director = pb_new(DIRECTOR_ROW, row->import->scratch);
    if (director != NULL) {
        director->network = pcn->pcn_code;
        director->name = name;
        director->from = (char *)(uintptr_t)row->import->start;
        director->has_from_assumed = director->from_assumed = 1;
        director->source = pcn->source;
    }
    stage(row, "directors", DIRECTOR_ROW, director);
}

static void stage_pcn(const row_t *row)
{
    const Pcn__Registry__V1__PcnRow *pcn = row->message;
    char *names[DIRECTORS_MAX];
    size_t count = 0;
    const bool named = pcn->clinical_directors == NULL || split_directors(row, pcn->clinical_directors, names, &count);
    if (!check_day_of_count(row, pcn->as_of) || !named)
        return;
    if (pcn->place_code != NULL || pcn->has_practice_count) {
        organisation_row_t *part = pb_new(ORGANISATION_ROW, row->import->scratch);
        if (part != NULL) {
            part->code = pcn->pcn_code;
            part->place = pcn->place_code;
            part->has_stated_practice_count = pcn->has_practice_count;
            part->stated_practice_count = pcn->practice_count;
        }
        stage(row, "organisation_parts", ORGANISATION_ROW, part);
    }
    stage_size(row, pcn->pcn_code, NULL, pcn->list_size, pcn->as_of, pcn->source);
    for (size_t i = 0; i < count; i++)
        stage_director(row, pcn, names[i]);
}

static void stage_pcn_sub_group(const row_t *row)
{
    const Pcn__Registry__V1__PcnSubGroupRow *group = row->message;
    stage_size(row, group->pcn_code, group->sub_group, group->list_size, NULL, group->source);
}

static void stage_practice(const row_t *row)
{
    const Pcn__Registry__V1__PracticeRow *practice = row->message;
    if (strcmp(practice->practice_code, practice->pcn_code) == 0) {
        (void)refuse(row, "practiceCode", "Is the network");
        return;
    }
    membership_row_t *membership = pb_new(MEMBERSHIP_ROW, row->import->scratch);
    if (membership != NULL) {
        membership->network = practice->pcn_code;
        membership->practice = practice->practice_code;
        membership->sub_group = practice->sub_group;
        membership->from = (char *)(uintptr_t)row->import->start;
        membership->has_from_assumed = membership->from_assumed = 1;
        membership->source = practice->source;
    }
    stage(row, "memberships", MEMBERSHIP_ROW, membership);
}

// Nothing was recorded after tomorrow, wherever that may be.
static bool check_instants(const row_t *row)
{
    const pb_type_t *type = row->source->type;
    bool good = true;
    for (unsigned i = 0; i < type->descriptor->n_fields; i++) {
        int64_t at;
        if (type->fields[i].format != PB_FORMAT_INSTANT || !pb_has(type, row->message, i))
            continue;
        const char *text = *(char *const *)pb_member(&type->descriptor->fields[i], row->message);
        if (instant_parse(text, &at) && at >= row->import->latest_us)
            good = refuse(row, type->fields[i].json, "Is in the future");
    }
    return good;
}

void import_row(import_t *import, const import_source_t *source, void *message)
{
    static bool (*const checks[])(const row_t *row) = {
        [IMPORT_ORGANISATIONS] = check_organisation,
        [IMPORT_PAST] = check_past,
        [IMPORT_COMING] = check_coming,
        [IMPORT_SUCCESSIONS] = check_succession,
        [IMPORT_MEMBERSHIPS] = check_membership,
        [IMPORT_DIRECTORS] = check_director,
        [IMPORT_WAIVERS] = check_waiver,
        [IMPORT_LIST_SIZES] = check_list_size,
        [IMPORT_SYSTEMS] = check_system,
        [IMPORT_ALIGNMENTS] = check_alignment,
        [IMPORT_SITES] = check_site,
        [IMPORT_SUPERSEDED] = check_superseded,
    };
    static void (*const stages[])(const row_t *row) = {
        [IMPORT_FACTS] = stage_fact,
        [IMPORT_PCNS] = stage_pcn,
        [IMPORT_PCN_SUB_GROUPS] = stage_pcn_sub_group,
        [IMPORT_PRACTICES] = stage_practice,
        [IMPORT_SYSTEM_FACTS] = stage_fact,
        [IMPORT_DEMOGRAPHICS] = stage_fact,
        [IMPORT_PCN_FUNDING_IMPLIED] = stage_implied_population,
    };
    const row_t row = {.import = import, .source = source, .message = message};
    const unsigned number = source->number;
    if (!check_instants(&row) || (number < sizeof checks / sizeof *checks && checks[number] != NULL && !checks[number](&row)))
        return;
    if (number < sizeof stages / sizeof *stages && stages[number] != NULL)
        stages[number](&row);
    else
        stage_as_is(&row, source->kind);
}
