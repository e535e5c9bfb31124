// Versions of pathways: what does not hold together, place by place, and where a version stands among the others.
#include "services/referral/rules_pathway_version.h"
#include "tests/unit/referral/support.h"

#define PATHWAY_TYPE (&pcn__referral__v1__pathway__type)

// "status field" of each fault.
static const char *faults_of(arena_t *arena, const pathway_faults_t *faults)
{
    const char *text = "";
    size_t count = 0;
    assert_false(faults->failed);
    for (const pathway_fault_t *fault = faults->first; fault != NULL; fault = fault->next, count++) {
        assert_true(strlen(fault->detail) > 0);
        text = arena_printf(arena, "%s%s%s %s", text, *text != '\0' ? ", " : "", status_name(fault->status), fault->field);
    }
    assert_int_equal(count, faults->count);
    return text;
}

static void assert_faults(arena_t *arena, const char *json, const char *wanted)
{
    pathway_faults_t faults;
    pathway_faults_init(&faults, arena);
    pathway_validate(message(arena, PATHWAY_TYPE, json), "pathways[2].", &faults);
    assert_string_equal(faults_of(arena, &faults), wanted);
}

#define HEAD "'code':'p1','version':1,'effectiveFrom':'2026-04-01','prioritiesAllowed':['routine']"
#define AT "INVALID_ARGUMENT pathways[2]."

static void one_that_holds_together(void **state)
{
    assert_faults(*state,
                  "{" HEAD ",'effectiveTo':'2026-04-01','ageFrom':18,'ageTo':18,'requiredData':['reason','sex','service','bmi'],"
                  "'questions':[{'code':'a','kind':'yes-no','required':true},"
                  "{'code':'b','kind':'choice','choices':['x','y'],'requiredWhen':{'question':'a','equals':'no'}},"
                  "{'code':'c','kind':'text','requiredWhen':{'question':'b','equals':'y'}}],"
                  "'tryFirst':[{'code':'d','kind':'advice'}]}",
                  "");
}

static void spans(void **state)
{
    assert_faults(*state, "{" HEAD ",'effectiveTo':'2026-03-31'}", AT "effectiveTo");
    assert_faults(*state, "{" HEAD ",'ageFrom':18,'ageTo':17}", AT "ageTo");
    assert_faults(*state, "{'effectiveFrom':'2026-04-01','prioritiesAllowed':['urgent','routine','urgent']}", AT "prioritiesAllowed[2]");
}

static void codes(void **state)
{
    assert_faults(*state, "{" HEAD ",'questions':[{'code':'a','kind':'text'},{'code':'a','kind':'text'},{'code':'a','kind':'text'}]}",
                  AT "questions[1].code, " AT "questions[2].code");
    assert_faults(*state, "{" HEAD ",'questions':[{'code':'a','kind':'text'}],'tryFirst':[{'code':'a'}],'requiredData':['a']}",
                  AT "tryFirst[0].code, " AT "requiredData[0]");
    assert_faults(*state, "{" HEAD ",'questions':[{'code':'sex','kind':'text'}],'tryFirst':[{'code':'reason'}]}",
                  AT "questions[0].code, " AT "tryFirst[0].code");
    assert_faults(*state, "{" HEAD ",'requiredData':['bmi','bmi']}", AT "requiredData[1]");
}

static void choices(void **state)
{
    assert_faults(*state, "{" HEAD ",'questions':[{'code':'a','kind':'choice'}]}", AT "questions[0].choices");
    assert_faults(*state, "{" HEAD ",'questions':[{'code':'a','kind':'choice','choices':['x']}]}", AT "questions[0].choices");
    assert_faults(*state, "{" HEAD ",'questions':[{'code':'a','kind':'choice','choices':['x','y','x']}]}", AT "questions[0].choices[2]");
    assert_faults(*state, "{" HEAD ",'questions':[{'code':'a','kind':'number','choices':['x','y']}]}", AT "questions[0].choices");
}

static void conditions(void **state)
{
#define ASKED "{'code':'a','kind':'yes-no'},{'code':'n','kind':'number'},"
#define WHEN(question, equals) "'requiredWhen':{'question':'" question "','equals':'" equals "'}"
    assert_faults(*state, "{" HEAD ",'questions':[" ASKED "{'code':'b','kind':'text'," WHEN("z", "yes") "}]}",
                  AT "questions[2].requiredWhen.question");
    assert_faults(*state, "{" HEAD ",'questions':[" ASKED "{'code':'b','kind':'text'," WHEN("n", "8") "}]}",
                  AT "questions[2].requiredWhen.question");
    assert_faults(*state, "{" HEAD ",'questions':[" ASKED "{'code':'b','kind':'text'," WHEN("a", "maybe") "}]}",
                  AT "questions[2].requiredWhen.equals");
    assert_faults(*state, "{" HEAD ",'questions':[" ASKED "{'code':'b','kind':'text','required':true," WHEN("a", "yes") "}]}",
                  AT "questions[2].required");
}

static void circles(void **state)
{
#define LINKED(code, to) "{'code':'" code "','kind':'yes-no'," WHEN(to, "yes") "}"
    assert_faults(*state, "{" HEAD ",'questions':[" LINKED("a", "a") "]}", AT "questions[0].requiredWhen.question");
    assert_faults(*state, "{" HEAD ",'questions':[" LINKED("a", "b") "," LINKED("b", "c") "," LINKED("c", "a") "]}",
                  AT "questions[0].requiredWhen.question, " AT "questions[1].requiredWhen.question, " AT
                     "questions[2].requiredWhen.question");
    // One that leads into a circle is not of it, and comes to an end.
    assert_faults(*state, "{" HEAD ",'questions':[" LINKED("d", "a") "," LINKED("a", "b") "," LINKED("b", "a") "]}",
                  AT "questions[1].requiredWhen.question, " AT "questions[2].requiredWhen.question");
    assert_faults(*state, "{" HEAD ",'questions':[" LINKED("a", "b") "," LINKED("b", "c") ",{'code':'c','kind':'yes-no'}]}", "");
}

// ---- among the others ----

typedef struct placing {
    const char *there, *ends, *faults;
    bool same;
} placing_t;

static placing_t place_of(arena_t *arena, const char *json)
{
    pathway_faults_t faults;
    pathway_place_t place;
    pathway_t *const known[] = {
        message(arena, PATHWAY_TYPE,
                "{'code':'p1','version':1,'title':'One','effectiveFrom':'2026-01-01','effectiveTo':'2026-03-31',"
                "'consultantLed':false,'revision':2,'recordedAt':'2025-12-01T00:00:00Z'}"),
        message(arena, PATHWAY_TYPE,
                "{'code':'p1','version':2,'title':'Two','effectiveFrom':'2026-04-01','consultantLed':true,'revision':1}"),
        message(arena, PATHWAY_TYPE, "{'code':'p2','version':9,'title':'Other','effectiveFrom':'2030-04-01','revision':1}"),
        message(arena, PATHWAY_TYPE, "{'code':'p3','version':1,'title':'Over','effectiveFrom':'2026-01-01','effectiveTo':'2026-06-30'}"),
    };
    pathway_faults_init(&faults, arena);
    pathway_find_place(message(arena, PATHWAY_TYPE, json), known, 4, "", &faults, &place);
    return (placing_t){.there = place.there != NULL ? place.there->title : "",
                       .ends = place.ends != NULL ? place.ends->title : "",
                       .faults = faults_of(arena, &faults),
                       .same = place.same};
}

static void assert_place(arena_t *arena, const char *json, const char *there, bool same, const char *ends, const char *faults)
{
    const placing_t placing = place_of(arena, json);
    assert_string_equal(placing.there, there);
    assert_int_equal(placing.same, same);
    assert_string_equal(placing.ends, ends);
    assert_string_equal(placing.faults, faults);
}

static void a_version_comes_behind_the_others(void **state)
{
    assert_place(*state, "{'code':'new','version':1,'effectiveFrom':'2020-01-01'}", "", false, "", "");
    // It ends the one that goes on.
    assert_place(*state, "{'code':'p1','version':3,'effectiveFrom':'2026-04-02'}", "", false, "Two", "");
    assert_place(*state, "{'code':'p1','version':7,'effectiveFrom':'2030-01-01'}", "", false, "Two", "");
    assert_place(*state, "{'code':'p1','version':3,'effectiveFrom':'2026-04-01'}", "", false, "", "FAILED_PRECONDITION effectiveFrom");
    assert_place(*state, "{'code':'p1','version':3,'effectiveFrom':'2025-01-01'}", "", false, "",
                 "FAILED_PRECONDITION effectiveFrom, FAILED_PRECONDITION effectiveFrom");
    // One with an end is cut short, or left as it is.
    assert_place(*state, "{'code':'p3','version':2,'effectiveFrom':'2026-06-30'}", "", false, "Over", "");
    assert_place(*state, "{'code':'p3','version':2,'effectiveFrom':'2026-07-01'}", "", false, "", "");
    assert_place(*state, "{'code':'p2','version':8,'effectiveFrom':'2031-01-01'}", "", false, "", "FAILED_PRECONDITION version");
}

static void one_that_is_there(void **state)
{
    // The end that a later version gave it is no difference; nor is what was not said.
    assert_place(*state, "{'code':'p1','version':1,'title':'One','effectiveFrom':'2026-01-01'}", "One", true, "", "");
    assert_place(*state, "{'code':'p1','version':1,'title':'One','effectiveFrom':'2026-01-01','effectiveTo':'2026-03-31'}", "One", true, "",
                 "");
    static const char *const others[] = {
        "{'code':'p1','version':1,'title':'One','effectiveFrom':'2026-01-01','effectiveTo':'2026-04-30'}",
        "{'code':'p1','version':1,'title':'Uno','effectiveFrom':'2026-01-01'}",
        "{'code':'p1','version':1,'title':'One','effectiveFrom':'2026-01-02'}",
        "{'code':'p1','version':1,'title':'One','effectiveFrom':'2026-01-01','consultantLed':true}",
        "{'code':'p1','version':1,'title':'One','effectiveFrom':'2026-01-01','questions':[{'code':'a','kind':'text'}]}",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_place(*state, others[i], "One", false, "", "ALREADY_EXISTS version");
}

static void kinds_of_destinations(void **state)
{
    arena_t *arena = *state;
    char *kinds[] = {(char *)(uintptr_t) "clinic", (char *)(uintptr_t) "hub"};
    pathway_faults_t faults;
    pathway_faults_init(&faults, arena);
    const pathway_t *pathway =
        message(arena, PATHWAY_TYPE, "{'destinations':[{'kind':'hub'},{'kind':'moon'},{'kind':'clinic'},{'kind':'mars'}]}");
    pathway_check_kinds(pathway, kinds, 2, "", &faults);
    assert_string_equal(faults_of(arena, &faults), "FAILED_PRECONDITION destinations[1].kind, FAILED_PRECONDITION destinations[3].kind");
}

static void memory_that_is_not_there_is_said(void **state)
{
    arena_t *small = arena_new(16);
    pathway_faults_t faults;
    pathway_faults_init(&faults, small);
    pathway_validate(message(*state, PATHWAY_TYPE, "{" HEAD ",'questions':[{'code':'a','kind':'choice'}]}"), "", &faults);
    assert_true(faults.failed);
    arena_destroy(&small);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_that_holds_together),
        TEST(spans),
        TEST(codes),
        TEST(choices),
        TEST(conditions),
        TEST(circles),
        TEST(a_version_comes_behind_the_others),
        TEST(one_that_is_there),
        TEST(kinds_of_destinations),
        TEST(memory_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
