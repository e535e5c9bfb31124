#include "services/referral/rules_directory.h"
#include "tests/unit/referral/support.h"

#define SEARCH_TYPE (&pcn__referral__v1__list_services_request__type)

static const local_moment_t thursday_noon = {.day = 20783, .minute = 720}; // 2026-11-26

// Codes of the reasons, joined by blanks.
static const char *reasons_of(arena_t *arena, const char *search, const char *service)
{
    reason_t *reasons[DIRECTORY_REASONS_MAX];
    size_t count = 0;
    problem_t problem = {0};
    assert_int_equal(directory_reasons(message(arena, SEARCH_TYPE, search), message(arena, LOADED_SERVICE_TYPE, service), &thursday_noon,
                                       arena, reasons, &count, &problem),
                     STATUS_OK);
    const char *text = "";
    for (size_t i = 0; i < count; i++) {
        assert_true(reasons[i]->detail != NULL && reasons[i]->detail[0] != '\0');
        text = arena_printf(arena, "%s%s%s", text, i > 0 ? " " : "", reasons[i]->code);
    }
    return text;
}

#define OPEN_TO_ALL "'status':'active','acceptsCaller':true,'serves':true,'channels':['in-person','telephone']"

static void each_clause_hides_by_itself(void **state)
{
    static const struct {
        const char *search, *service, *reasons;
    } cases[] = {
        {"{}", "{" OPEN_TO_ALL "}", ""},
        {"{}", "{'status':'suspended','acceptsCaller':true}", "suspended"},
        {"{}", "{'status':'closed','acceptsCaller':true}", "closed-down"},
        {"{}", "{" OPEN_TO_ALL ",'providerClosed':true}", "closed-down"},
        {"{}", "{'status':'active'}", "accepts-from"},
        {"{'practice':'gp-a'}", "{" OPEN_TO_ALL "}", ""},
        {"{'practice':'gp-a'}", "{'status':'active','acceptsCaller':true}", "area"},
        {"{}", "{'status':'active','acceptsCaller':true,'serves':false}", ""},
        {"{'channel':'telephone'}", "{" OPEN_TO_ALL "}", ""},
        {"{'channel':'video'}", "{" OPEN_TO_ALL "}", "channel"},
        {"{'age':15}", "{" OPEN_TO_ALL ",'rules':{'ageFrom':16}}", "age"},
        {"{'age':16}", "{" OPEN_TO_ALL ",'rules':{'ageFrom':16,'ageTo':16}}", ""},
        {"{'age':17}", "{" OPEN_TO_ALL ",'rules':{'ageFrom':16,'ageTo':16}}", "age"},
        {"{'age':0}", "{" OPEN_TO_ALL ",'rules':{'ageFrom':1}}", "age"},
        {"{}", "{" OPEN_TO_ALL ",'rules':{'ageFrom':16}}", ""},
        {"{'sex':'male'}", "{" OPEN_TO_ALL ",'rules':{'sexes':['female']}}", "sex"},
        {"{'sex':'female'}", "{" OPEN_TO_ALL ",'rules':{'sexes':['female']}}", ""},
        {"{'need':'cough'}", "{" OPEN_TO_ALL "}", ""},
        {"{'need':'cough'}", "{" OPEN_TO_ALL ",'rules':{'accepts':['cough','cold']}}", ""},
        {"{'need':'sprain'}", "{" OPEN_TO_ALL ",'rules':{'accepts':['cough','cold']}}", "need-not-accepted"},
        {"{'need':'chest-pain'}", "{" OPEN_TO_ALL ",'rules':{'excludes':['chest-pain']}}", "need-excluded"},
        {"{'need':'chest-pain'}", "{" OPEN_TO_ALL ",'rules':{'accepts':['cough'],'excludes':['chest-pain']}}", "need-excluded"},
        {"{'openNow':true}", "{" OPEN_TO_ALL ",'hours':{'weekly':[{'weekday':'thursday','from':'12:00','to':'13:00'}]}}", ""},
        {"{'openNow':true}", "{" OPEN_TO_ALL ",'hours':{'weekly':[{'weekday':'friday','from':'12:00','to':'13:00'}]}}", "closed"},
        {"{'openNow':true}", "{" OPEN_TO_ALL "}", "closed"},
        {"{}", "{" OPEN_TO_ALL "}", ""},
        {"{'latitude':'1','longitude':'1','withinMetres':500}", "{" OPEN_TO_ALL ",'distanceMetres':500}", ""},
        {"{'latitude':'1','longitude':'1','withinMetres':500}", "{" OPEN_TO_ALL ",'distanceMetres':501}", "distance"},
        {"{'latitude':'1','longitude':'1','withinMetres':500}", "{" OPEN_TO_ALL "}", "distance"},
        {"{'latitude':'1','longitude':'1'}", "{" OPEN_TO_ALL "}", ""},
        {"{'withCapacity':true}", "{" OPEN_TO_ALL ",'capacity':{'places':3,'free':1}}", ""},
        {"{'withCapacity':true}", "{" OPEN_TO_ALL ",'capacity':{'places':3,'free':0}}", "capacity"},
        {"{'withCapacity':true}", "{" OPEN_TO_ALL "}", ""},
        {"{}", "{" OPEN_TO_ALL ",'capacity':{'places':3,'free':0}}", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = reasons_of(*state, cases[i].search, cases[i].service);
        if (strcmp(found, cases[i].reasons) != 0)
            fail_msg("%s on %s: \"%s\", not \"%s\"", cases[i].search, cases[i].service, found, cases[i].reasons);
    }
}

static void every_reason_is_told_at_once(void **state)
{
    assert_string_equal(reasons_of(*state,
                                   "{'practice':'gp-a','age':90,'sex':'male','need':'x1','channel':'video','openNow':true,'latitude':'1',"
                                   "'longitude':'1','withinMetres':1,'withCapacity':true}",
                                   "{'status':'suspended','channels':['telephone'],'capacity':{'places':1,'free':0},'rules':{'ageFrom':95,"
                                   "'ageTo':80,'sexes':['female'],'accepts':['x2']}}"),
                        "suspended accepts-from area age age sex need-not-accepted channel closed distance capacity");
}

static void assert_search(arena_t *arena, const char *search, const char *field)
{
    problem_t problem = {0};
    const status_t status = directory_check_search(message(arena, SEARCH_TYPE, search), &problem);
    assert_int_equal(status, field != NULL ? STATUS_INVALID_ARGUMENT : STATUS_OK);
    if (field != NULL)
        assert_string_equal(problem.field, field);
}

static void a_search_must_make_sense(void **state)
{
    assert_search(*state, "{}", NULL);
    assert_search(*state, "{'latitude':'52.5','longitude':'-1'}", NULL);
    assert_search(*state, "{'latitude':'52.5'}", "latitude");
    assert_search(*state, "{'longitude':'1'}", "longitude");
    assert_search(*state, "{'withinMetres':5}", "withinMetres");
    assert_search(*state, "{'latitude':'90.1','longitude':'1'}", "latitude");
    assert_search(*state, "{'latitude':'9','longitude':'-180.5'}", "longitude");
    assert_search(*state, "{'openNow':true,'openAt':'2026-11-26T09:00:00Z'}", "openAt");
    assert_search(*state, "{'openNow':false,'openAt':'2026-11-26T09:00:00Z'}", NULL);
}

static void assert_service(arena_t *arena, const char *service, const char *field)
{
    problem_t problem = {0};
    const status_t status = directory_check_service(message(arena, SERVICE_TYPE, service), &problem);
    assert_int_equal(status, field != NULL ? STATUS_INVALID_ARGUMENT : STATUS_OK);
    if (field != NULL)
        assert_string_equal(problem.field, field);
}

static void a_service_must_make_sense(void **state)
{
    assert_service(*state, "{'channels':['video','telephone'],'criteria':{'ageFrom':5,'ageTo':5},'capacity':{'places':2,'free':2}}", NULL);
    assert_service(*state, "{'channels':['video','telephone','video']}", "channels[2]");
    assert_service(*state, "{'criteria':{'ageFrom':6,'ageTo':5}}", "criteria.ageTo");
    assert_service(*state, "{'criteria':{'accepts':['a1','b1'],'excludes':['b1']}}", "criteria.accepts[1]");
    assert_service(*state, "{'capacity':{'places':2,'free':3}}", "capacity.free");
    assert_service(*state, "{'location':{'latitude':'91','longitude':'0'}}", "location.latitude");
    assert_service(*state, "{'location':{'latitude':'1','longitude':'181'}}", "location.longitude");
    assert_service(*state, "{'hours':{'weekly':[{'weekday':'monday','from':'09:00','to':'08:00'}]}}", "hours.weekly[0].to");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_clause_hides_by_itself),
        TEST(every_reason_is_told_at_once),
        TEST(a_search_must_make_sense),
        TEST(a_service_must_make_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
