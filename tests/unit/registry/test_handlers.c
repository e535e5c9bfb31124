// Decisions without a database: what a handler makes of rows, and what it says before anything was loaded.
#include "common/pb/wire.h"
#include "common/rpc/server.h"
#include "services/registry/handlers.h"
#include "services/registry/handlers_import.h"
#include "services/registry/rules_paging.h"
#include "services/registry/service.h"
#include "tests/unit/registry/support.h"

typedef struct desk {
    service_call_t call;
    Pcn__Common__V1__RequestHeader header;
    Pcn__Common__V1__Principal principal;
    problem_t problem;
    service_event_t events[SERVICE_EVENTS_MAX];
    char *scopes[1];
} desk_t;

static desk_t *sit(arena_t *arena, const void *request, void *const *rows, size_t row_count, bool unlimited)
{
    desk_t *desk = arena_zero(arena, sizeof *desk);
    assert_non_null(desk);
    pcn__common__v1__request_header__init(&desk->header);
    pcn__common__v1__principal__init(&desk->principal);
    desk->scopes[0] = text(arena, SCOPE_ANY);
    desk->principal.scopes = desk->scopes;
    desk->principal.n_scopes = unlimited;
    desk->header.principal = &desk->principal;
    desk->call = (service_call_t){.header = &desk->header,
                                  .request = request,
                                  .rows = rows,
                                  .row_count = row_count,
                                  .today = 20000,
                                  .now = "2024-10-04T00:00:00.000000Z",
                                  .arena = arena,
                                  .problem = &desk->problem,
                                  .events = desk->events};
    return desk;
}

static const pb_method_t *method_named(const char *name)
{
    const pb_method_t *method = registry_service.contract->methods;
    while (strcmp(method->short_name, name) != 0)
        method++;
    return method;
}

static void every_method_has_its_handler(void **state)
{
    (void)state;
    for (unsigned i = 0; i < registry_service.contract->method_count; i++) {
        const pb_method_t *method = &registry_service.contract->methods[i];
        const service_handler_t *handler;
        size_t index = 0;
        do
            handler = service_handler(&registry_service, index++);
        while (handler != NULL && strcmp(handler->method, method->short_name) != 0);
        assert_non_null(handler);
        assert_non_null(handler->decide);
        assert_int_equal(handler->save != NULL, (method->flags & PB_CHANGES) != 0);
    }
}

static void a_creation_is_complete_before_anything_is_loaded(void **state)
{
    Pcn__Registry__V1__CreateOrganisationRequest request = PCN__REGISTRY__V1__CREATE_ORGANISATION_REQUEST__INIT;
    request.organisation = make_organisation(*state, "pcn-a", KIND(NETWORK), "ccg-a");
    desk_t *desk = sit(*state, &request, NULL, 0, false);
    assert_int_equal(decide_create_organisation(&desk->call), STATUS_OK);
    const Pcn__Registry__Store__V1__Creation *after = desk->call.after;
    assert_false(after->unlimited);
    assert_int_equal(after->n_parent_kinds, 3);
    assert_int_equal(after->n_place_kinds, 2);
    assert_int_equal(after->organisation->version, 1);
    assert_string_equal(after->organisation->created_at, desk->call.now);
    assert_string_equal(desk->call.key, "pcn-a");
    assert_int_equal(desk->call.version, 1);
    assert_int_equal(desk->call.event_count, 1);
    assert_string_equal(desk->events[0].type, EVENT_CREATED);
    assert_string_equal(desk->events[0].subject, "organisations/pcn-a");
    assert_ptr_equal(desk->events[0].data_type, NETWORK_TYPE);
    assert_string_equal(((const network_t *)desk->events[0].data)->commissioner, "ccg-a");
    // The request itself is left as it came.
    assert_false(request.organisation->has_version);
}

static void a_creation_without_a_parent_is_the_system_managers(void **state)
{
    Pcn__Registry__V1__CreateOrganisationRequest request = PCN__REGISTRY__V1__CREATE_ORGANISATION_REQUEST__INIT;
    request.organisation = make_organisation(*state, "gp-a", KIND(PRACTICE), NULL);
    desk_t *desk = sit(*state, &request, NULL, 0, false);
    assert_refused(decide_create_organisation(&desk->call), STATUS_FAILED_PRECONDITION, desk->problem, "parent");
    assert_int_equal(desk->call.event_count, 0);
    desk = sit(*state, &request, NULL, 0, true);
    assert_int_equal(decide_create_organisation(&desk->call), STATUS_OK);
    assert_ptr_equal(desk->events[0].data_type, ORGANISATION_TYPE);
    references_t references = PCN__REGISTRY__STORE__V1__REFERENCES__INIT;
    references.code_taken = 1;
    void *rows[] = {&references};
    desk = sit(*state, &request, rows, 1, true);
    assert_refused(decide_create_organisation(&desk->call), STATUS_ALREADY_EXISTS, desk->problem, "code");
}

static void what_is_out_of_reach_is_not_there(void **state)
{
    aggregate_t *row = make_network(*state, "pcn-a");
    void *rows[] = {row};
    Pcn__Registry__V1__UpdateOrganisationRequest request = PCN__REGISTRY__V1__UPDATE_ORGANISATION_REQUEST__INIT;
    request.code = text(*state, "pcn-a");
    request.organisation = pb_new(ORGANISATION_TYPE, *state);
    row->references = pb_new(&pcn__registry__store__v1__references__type, *state);
    desk_t *desk = sit(*state, &request, rows, 1, false);
    assert_refused(decide_update_organisation(&desk->call), STATUS_NOT_FOUND, desk->problem, "code");
    char sentence[sizeof desk->problem.detail];
    strcpy(sentence, desk->problem.detail);
    desk = sit(*state, &request, NULL, 0, false);
    assert_refused(decide_update_organisation(&desk->call), STATUS_NOT_FOUND, desk->problem, "code");
    assert_string_equal(desk->problem.detail, sentence);
    desk = sit(*state, &request, rows, 1, true);
    assert_int_equal(decide_update_organisation(&desk->call), STATUS_OK);
    assert_true(desk->call.unchanged);
    assert_int_equal(desk->call.version, 7);
}

static void a_version_that_moved_on_is_refused_everywhere(void **state)
{
    aggregate_t *row = make_network(*state, "pcn-a");
    row->references = pb_new(&pcn__registry__store__v1__references__type, *state);
    void *rows[] = {row};
    Pcn__Registry__V1__UpdateOrganisationRequest update = PCN__REGISTRY__V1__UPDATE_ORGANISATION_REQUEST__INIT;
    Pcn__Registry__V1__AddMemberRequest member = PCN__REGISTRY__V1__ADD_MEMBER_REQUEST__INIT;
    Pcn__Registry__V1__AddDirectorRequest director = PCN__REGISTRY__V1__ADD_DIRECTOR_REQUEST__INIT;
    Pcn__Registry__V1__AddListSizeRequest size = PCN__REGISTRY__V1__ADD_LIST_SIZE_REQUEST__INIT;
    Pcn__Registry__V1__MoveMemberRequest move = PCN__REGISTRY__V1__MOVE_MEMBER_REQUEST__INIT;
    Pcn__Registry__V1__LeaveMemberRequest leave = PCN__REGISTRY__V1__LEAVE_MEMBER_REQUEST__INIT;
    Pcn__Registry__V1__CorrectMemberRequest wrong_member = PCN__REGISTRY__V1__CORRECT_MEMBER_REQUEST__INIT;
    Pcn__Registry__V1__CorrectDirectorRequest wrong_director = PCN__REGISTRY__V1__CORRECT_DIRECTOR_REQUEST__INIT;
    Pcn__Registry__V1__AddWaiverRequest waiver = PCN__REGISTRY__V1__ADD_WAIVER_REQUEST__INIT;
    Pcn__Registry__V1__MergeOrganisationRequest merge = PCN__REGISTRY__V1__MERGE_ORGANISATION_REQUEST__INIT;
    Pcn__Registry__V1__SplitOrganisationRequest split = PCN__REGISTRY__V1__SPLIT_ORGANISATION_REQUEST__INIT;
    update.code = member.code = director.code = size.code = text(*state, "pcn-a");
    move.code = leave.code = wrong_member.code = wrong_director.code = waiver.code = merge.code = split.code = update.code;
    const struct {
        service_decide_fn decide;
        const void *request;
    } cases[] = {{decide_update_organisation, &update},
                 {decide_add_member, &member},
                 {decide_add_director, &director},
                 {decide_add_list_size, &size},
                 {decide_move_member, &move},
                 {decide_leave_member, &leave},
                 {decide_correct_member, &wrong_member},
                 {decide_correct_director, &wrong_director},
                 {decide_add_waiver, &waiver},
                 {decide_merge_organisation, &merge},
                 {decide_split_organisation, &split}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        desk_t *desk = sit(*state, cases[i].request, rows, 1, true);
        desk->header.has_expected_version = 1;
        desk->header.expected_version = 6;
        assert_int_equal(cases[i].decide(&desk->call), STATUS_ABORTED);
        assert_non_null(strstr(desk->problem.detail, "7"));
    }
}

static void a_network_of_another_day(void **state)
{
    aggregate_t *row = make_network(*state, "pcn-a");
    add_member(*state, row, "gp-a", "2019-07-01", "2019-12-31", NULL);
    void *rows[] = {row};
    Pcn__Registry__V1__GetNetworkRequest request = PCN__REGISTRY__V1__GET_NETWORK_REQUEST__INIT;
    desk_t *desk = sit(*state, &request, rows, 1, false);
    assert_int_equal(decide_get_network(&desk->call), STATUS_OK);
    assert_int_equal(((const network_t *)desk->call.reply)->n_members, 0);
    request.as_of = text(*state, "2019-12-31");
    assert_int_equal(decide_get_network(&desk->call), STATUS_OK);
    assert_int_equal(((const network_t *)desk->call.reply)->n_members, 1);
    assert_int_equal(desk->call.version, 7);
}

enum { LISTED = 1001 };

// 1,001 rows, which a page of 1,000 is loaded with; each with so many bytes of notes.
static void **listed_rows(arena_t *arena, size_t notes)
{
    void **rows = arena_alloc(arena, LISTED * sizeof *rows);
    char *words = arena_zero(arena, notes + 1);
    assert_non_null(rows);
    assert_non_null(words);
    memset(words, 'x', notes);
    for (size_t i = 0; i < LISTED; i++) {
        Pcn__Registry__Store__V1__ListedOrganisation *row = pb_new(&pcn__registry__store__v1__listed_organisation__type, arena);
        assert_non_null(row);
        row->code = arena_printf(arena, "gp-%04zu", i);
        row->name = row->place = row->parent = row->source = row->created_at = row->updated_at = row->code;
        row->notes = words;
        row->has_kind = row->has_level = row->has_status = row->has_version = row->has_total_size = 1;
        row->kind = KIND(PRACTICE);
        row->total_size = LISTED;
        rows[i] = row;
    }
    return rows;
}

static const Pcn__Registry__V1__ListOrganisationsReply *list_page(arena_t *arena, size_t notes, char **token)
{
    Pcn__Registry__V1__ListOrganisationsRequest request = PCN__REGISTRY__V1__LIST_ORGANISATIONS_REQUEST__INIT;
    request.has_page_size = 1;
    request.page_size = 1000;
    desk_t *desk = sit(arena, &request, listed_rows(arena, notes), LISTED, false);
    desk->call.method = method_named("ListOrganisations");
    assert_int_equal(decide_list_organisations(&desk->call), STATUS_OK);
    const Pcn__Registry__V1__ListOrganisationsReply *reply = desk->call.reply;
    *token = page_token_make(&request, reply->organisations[reply->n_organisations - 1]->code, 0, arena);
    return reply;
}

static size_t framed(const Pcn__Registry__V1__ListOrganisationsReply *reply, arena_t *arena)
{
    uint8_t *bytes;
    size_t size;
    assert_true(pb_pack(reply, arena, &bytes, &size));
    assert_true(size <= PB_FRAME_MAX);
    assert_int_equal(pb_wire_check(&pcn__registry__v1__list_organisations_reply__type, bytes, size, PB_REPLY_FIELDS_MAX, NULL), STATUS_OK);
    return size;
}

static void a_page_is_as_long_as_asked_for(void **state)
{
    (void)state;
    arena_t *arena = arena_new(RPC_ARENA_CAP); // what a call has
    assert_non_null(arena);
    char *token;
    const Pcn__Registry__V1__ListOrganisationsReply *reply = list_page(arena, 900, &token);
    assert_int_equal(reply->total_size, LISTED);
    assert_int_equal(reply->n_organisations, 1000);
    assert_string_equal(reply->next_page_token, token);
    assert_true(framed(reply, arena) > 900000);
    arena_destroy(&arena);
}

static void a_page_fits_its_frame(void **state)
{
    (void)state;
    arena_t *arena = arena_new(RPC_ARENA_CAP); // what a call has
    assert_non_null(arena);
    char *token;
    const Pcn__Registry__V1__ListOrganisationsReply *reply = list_page(arena, 2000, &token);
    assert_true(reply->n_organisations > 490 && reply->n_organisations < 525);
    // The next page begins where this one ends, not where it would have ended.
    assert_string_equal(reply->next_page_token, token);
    assert_true(framed(reply, arena) > PB_FRAME_MAX - 5000);
    arena_destroy(&arena);
}

#define PHASE(name) PCN__REGISTRY__V1__IMPORT_PHASE__IMPORT_PHASE_##name

// By job, or by a piece that says that the upload broke off.
static status_t cancel_import(arena_t *arena, Pcn__Registry__V1__ImportPhase phase, bool by_piece, desk_t **desk)
{
    static char id[] = "0192f0c1-2345-7abc-8def-0123456789ab";
    Pcn__Registry__Store__V1__LoadedImport *import = pb_new(&pcn__registry__store__v1__loaded_import__type, arena);
    Pcn__Registry__V1__CancelJobRequest *job = pb_new(&pcn__registry__v1__cancel_job_request__type, arena);
    Pcn__Registry__V1__PutImportPartRequest *piece = pb_new(&pcn__registry__v1__put_import_part_request__type, arena);
    void **rows = arena_alloc(arena, sizeof *rows);
    assert_true(import != NULL && job != NULL && piece != NULL && rows != NULL);
    rows[0] = import;
    import->id = job->id = piece->id = id;
    import->has_state = piece->has_number = piece->has_cancel = piece->cancel = 1;
    import->state = phase;
    import->pieces = 4;
    import->rows = 7;
    // That of the repeated last piece, even.
    piece->number = 3;
    *desk = sit(arena, by_piece ? (const void *)piece : job, rows, phase != PHASE(UNSPECIFIED), true);
    return by_piece ? decide_put_import_part(&(*desk)->call) : decide_cancel_job(&(*desk)->call);
}

static void an_import_is_cancelled_before_it_runs(void **state)
{
    static const struct {
        Pcn__Registry__V1__ImportPhase phase; // UNSPECIFIED: there is none
        status_t by_job, by_piece;
    } cases[] = {
        {PHASE(UNSPECIFIED), STATUS_NOT_FOUND, STATUS_NOT_FOUND},      {PHASE(RECEIVING), STATUS_OK, STATUS_OK},
        {PHASE(WAITING), STATUS_OK, STATUS_FAILED_PRECONDITION},       {PHASE(CHECKING), STATUS_ABORTED, STATUS_FAILED_PRECONDITION},
        {PHASE(APPLYING), STATUS_ABORTED, STATUS_FAILED_PRECONDITION}, {PHASE(SUCCEEDED), STATUS_ABORTED, STATUS_FAILED_PRECONDITION},
        {PHASE(FAILED), STATUS_ABORTED, STATUS_FAILED_PRECONDITION},   {PHASE(CANCELLED), STATUS_OK, STATUS_OK},
    };
    desk_t *desk;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const bool by_piece = i % 2 == 1;
        const status_t expected = by_piece ? cases[i / 2].by_piece : cases[i / 2].by_job;
        assert_int_equal(cancel_import(*state, cases[i / 2].phase, by_piece, &desk), expected);
        if (expected != STATUS_OK) {
            assert_string_equal(desk->problem.field, "id");
            continue;
        }
        const Pcn__Registry__V1__Job *job = desk->call.reply;
        assert_int_equal(job->state, PCN__REGISTRY__V1__JOB_STATE__JOB_STATE_CANCELLED);
        assert_int_equal(job->phase, PHASE(CANCELLED));
        // As it stands where it was before.
        assert_int_equal(desk->call.unchanged, cases[i / 2].phase == PHASE(CANCELLED));
        if (!desk->call.unchanged)
            assert_string_equal(job->finished_at, desk->call.now);
        if (!desk->call.unchanged && by_piece) {
            const Pcn__Registry__Store__V1__ImportPart *part = desk->call.after;
            assert_int_equal(part->state, PHASE(CANCELLED));
            assert_int_equal(part->rows, 7);
            assert_false(part->has_reading);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_method_has_its_handler),
        TEST(a_creation_is_complete_before_anything_is_loaded),
        TEST(a_creation_without_a_parent_is_the_system_managers),
        TEST(what_is_out_of_reach_is_not_there),
        TEST(a_version_that_moved_on_is_refused_everywhere),
        TEST(a_network_of_another_day),
        TEST(a_page_is_as_long_as_asked_for),
        TEST(a_page_fits_its_frame),
        TEST(an_import_is_cancelled_before_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
