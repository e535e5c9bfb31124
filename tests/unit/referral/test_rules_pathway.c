// Pathways: which version is in force on a day, and what a referral lacks, rule by rule.
#include "services/referral/rules_pathway.h"
#include "tests/unit/referral/support.h"

#define PATHWAY_TYPE (&pcn__referral__v1__pathway__type)
#define ANSWER_TYPE (&pcn__referral__v1__referral_answer__type)
#define PRIORITY(name) PCN__REFERRAL__V1__REFERRAL_PRIORITY__REFERRAL_PRIORITY_##name

static const char pathway_json[] =
    "{'code':'back-pain','version':3,'title':'Back pain','specialty':'orthopaedics','effectiveFrom':'2026-04-01',"
    "'questions':[{'code':'weeks','text':'?','kind':'number','required':true},"
    "{'code':'leg','text':'?','kind':'yes-no','required':true},"
    "{'code':'weakness','text':'?','kind':'choice','choices':['none','growing'],'requiredWhen':{'question':'leg','equals':'yes'}},"
    "{'code':'since','text':'?','kind':'date','requiredWhen':{'question':'weakness','equals':'growing'}},"
    "{'code':'remarks','text':'?','kind':'text'}],"
    "'requiredData':['reason','bmi'],"
    "'tryFirst':[{'code':'exercise','text':'Exercise','kind':'community','days':42}],"
    "'destinations':[{'kind':'physiotherapy'},{'kind':'specialist-clinic','specialty':'orthopaedics'}],"
    "'prioritiesAllowed':['routine','urgent'],'ageFrom':16,'ageTo':90,'source':'A test','confidence':'unconfirmed'}";

#define ANSWER(question, answer) "{'question':'" question "','answer':'" answer "'}"
#define TAKEN ANSWER("exercise", "taken")
#define BMI ANSWER("bmi", "27")

typedef struct asking {
    pathway_case_t referral;
    const char *born, *today;
} asking_t;

static asking_t whole(void)
{
    return (asking_t){.referral = {.specialty = "orthopaedics", .reason = "Pain", .priority = PRIORITY(ROUTINE)},
                      .born = "1956-03-14",
                      .today = "2026-11-26"};
}

// Checks with the answers, which are given one after the other.
static pathway_findings_t checked(arena_t *arena, asking_t asking, const char *answers)
{
    pathway_findings_t findings;
    const pathway_t *pathway = message(arena, PATHWAY_TYPE, pathway_json);
    const Pcn__Referral__V1__CheckPathwayRequest *request =
        message(arena, &pcn__referral__v1__check_pathway_request__type, arena_printf(arena, "{'answers':[%s]}", answers));
    asking.referral.answers = request->answers;
    asking.referral.answer_count = request->n_answers;
    assert_true(pathway_check(pathway, &asking.referral, day_of(asking.born), day_of(asking.today), arena, &findings));
    return findings;
}

// "field question, …" of what is missing.
static void assert_missing(arena_t *arena, asking_t asking, const char *answers, const char *wanted)
{
    const pathway_findings_t findings = checked(arena, asking, answers);
    const char *found = "";
    for (size_t i = 0; i < findings.missing_count; i++) {
        const referral_missing_t *missing = findings.missing[i];
        assert_true(missing->what != NULL && *missing->what != '\0');
        found = arena_printf(arena, "%s%s%s%s%s", found, *found != '\0' ? ", " : "", missing->field, missing->question != NULL ? " " : "",
                             missing->question != NULL ? missing->question : "");
    }
    assert_string_equal(found, wanted);
}

static void a_whole_referral_lacks_nothing(void **state)
{
    assert_missing(*state, whole(), ANSWER("weeks", "8") "," ANSWER("leg", "no") "," BMI "," TAKEN, "");
    assert_missing(*state, whole(),
                   ANSWER("weeks", "8.5") "," ANSWER("leg", "yes") "," ANSWER("weakness", "growing") "," ANSWER(
                       "since", "2026-11-01") "," BMI "," TAKEN,
                   "");
}

static void everything_that_is_missing_is_told(void **state)
{
    asking_t asking = whole();
    asking.referral.reason = " \t";
    assert_missing(*state, asking, "", "reason, answers bmi, answers weeks, answers leg, answers exercise");
    assert_missing(*state, whole(), ANSWER("weeks", "8") "," ANSWER("leg", "no") "," ANSWER("bmi", " ") "," TAKEN, "answers bmi");
}

static void conditions_lead_from_question_to_question(void **state)
{
    static const char *const cases[][2] = {
        // Asked: the first condition holds.
        {ANSWER("leg", "yes"), "answers weakness"},
        {ANSWER("leg", "yes") "," ANSWER("weakness", "none"), ""},
        {ANSWER("leg", "yes") "," ANSWER("weakness", "growing"), "answers since"},
        // The second condition's answer counts only where its question is asked.
        {ANSWER("leg", "no") "," ANSWER("weakness", "growing"), ""},
        // What is not asked may be answered in any way.
        {ANSWER("leg", "no") "," ANSWER("weakness", "huge"), ""},
    };
    arena_t *arena = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_missing(arena, whole(), arena_printf(arena, ANSWER("weeks", "8") "," BMI "," TAKEN ",%s", cases[i][0]), cases[i][1]);
}

static void answers_are_of_their_kind(void **state)
{
    static const struct {
        const char *question, *answer;
        bool good;
    } cases[] = {
        {"weeks", "0", true},           {"weeks", "-3", true},         {"weeks", "12.25", true},    {"weeks", "999999999999", true},
        {"weeks", "", false},           {"weeks", "eight", false},     {"weeks", "8 weeks", false}, {"weeks", "8.", false},
        {"weeks", ".5", false},         {"weeks", "-", false},         {"weeks", "1e3", false},     {"weeks", "1234567890123", false},
        {"weeks", "1.1234567", false},  {"weakness", "none", true},    {"weakness", "None", false}, {"since", "2026-11-01", true},
        {"since", "2026-02-29", false}, {"since", "yesterday", false}, {"remarks", "So", true},     {"remarks", "  ", false},
    };
    arena_t *arena = *state;
    const pathway_t *pathway = message(arena, PATHWAY_TYPE, pathway_json);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *all[][2] = {{"weeks", "8"},          {"leg", "yes"}, {"weakness", "growing"},
                                {"since", "2026-11-01"}, {"bmi", "27"},  {"exercise", "taken"}};
        referral_answer_t answers[7], *list[7];
        size_t count = 0;
        for (size_t j = 0; j <= sizeof all / sizeof *all; j++) {
            const bool own = j == sizeof all / sizeof *all;
            if (!own && strcmp(all[j][0], cases[i].question) == 0)
                continue;
            pcn__referral__v1__referral_answer__init(&answers[count]);
            answers[count].question = (char *)(uintptr_t)(own ? cases[i].question : all[j][0]);
            answers[count].answer = (char *)(uintptr_t)(own ? cases[i].answer : all[j][1]);
            list[count] = &answers[count];
            count++;
        }
        asking_t asking = whole();
        asking.referral.answers = list;
        asking.referral.answer_count = count;
        pathway_findings_t findings;
        assert_true(pathway_check(pathway, &asking.referral, day_of(asking.born), day_of(asking.today), arena, &findings));
        bool blamed = false;
        for (size_t j = 0; j < findings.missing_count; j++) {
            if (findings.missing[j]->question != NULL && strcmp(findings.missing[j]->question, cases[i].question) == 0)
                blamed = true;
            // What an answer says is nobody's who reads what is missing.
            assert_null(strstr(findings.missing[j]->what, "yesterday"));
        }
        if (blamed == cases[i].good)
            fail_msg("%s: %s", cases[i].question, cases[i].answer);
    }
}

static void a_yes_or_no_is_one(void **state)
{
    assert_missing(*state, whole(), ANSWER("weeks", "8") "," ANSWER("leg", "Yes") "," BMI "," TAKEN, "answers leg");
    assert_missing(*state, whole(), ANSWER("weeks", "8") "," ANSWER("leg", "maybe") "," BMI "," TAKEN, "answers leg");
}

static void what_is_to_be_tried_first(void **state)
{
    static const struct {
        const char *answer;
        bool good;
    } cases[] = {
        {"{'question':'exercise','answer':'taken'}", true},
        {"{'question':'exercise','answer':'not-taken','reason':'No group within reach'}", true},
        {"{'question':'exercise','answer':'not-taken'}", false},
        {"{'question':'exercise','answer':'not-taken','reason':' '}", false},
        {"{'question':'exercise','answer':'yes'}", false},
        {ANSWER("remarks", "So"), false},
    };
    arena_t *arena = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const pathway_findings_t findings =
            checked(arena, whole(), arena_printf(arena, ANSWER("weeks", "8") "," ANSWER("leg", "no") "," BMI ",%s", cases[i].answer));
        assert_int_equal(findings.try_first_count, cases[i].good ? 0 : 1);
        assert_int_equal(findings.missing_count, cases[i].good ? 0 : 1);
        if (!cases[i].good)
            assert_string_equal(findings.try_first[0]->code, "exercise");
    }
}

#define GOOD ANSWER("weeks", "8") "," ANSWER("leg", "no") "," BMI "," TAKEN

static void the_referral_itself(void **state)
{
    asking_t asking = whole();
    asking.referral.priority = PRIORITY(TWO_WEEK_WAIT);
    assert_missing(*state, asking, GOOD, "priority");
    assert_string_equal(checked(*state, asking, GOOD).missing[0]->what, "The pathway's priorities are: routine, urgent");
    asking.referral.priority = PRIORITY(UNSPECIFIED);
    assert_missing(*state, asking, GOOD, "priority");
    asking = whole();
    asking.referral.specialty = "dermatology";
    assert_missing(*state, asking, GOOD, "specialty");
    asking.referral.specialty = NULL;
    assert_missing(*state, asking, GOOD, "");
    assert_missing(*state, whole(), GOOD "," ANSWER("leg", "yes"), "answers leg");
}

static void ages_are_inclusive(void **state)
{
    asking_t asking = whole();
    static const char *const cases[][2] = {
        {"2010-11-26", ""}, {"2010-11-27", "patient"}, {"1935-11-27", ""}, {"1935-11-26", "patient"}, {"2027-01-01", "patient"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asking.born = cases[i][0];
        assert_missing(*state, asking, GOOD, cases[i][1]);
    }
}

static void destinations(void **state)
{
    static const struct {
        const char *kind, *specialty, *wanted;
    } cases[] = {
        {NULL, NULL, ""},
        {"physiotherapy", NULL, ""},
        {"physiotherapy", "knees", ""},
        {"specialist-clinic", "Orthopaedics", ""},
        {"specialist-clinic", "dermatology", "service"},
        {"specialist-clinic", NULL, "service"},
        {"pharmacy", NULL, "service"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asking_t asking = whole();
        asking.referral.service_kind = cases[i].kind;
        asking.referral.service_specialty = cases[i].specialty;
        assert_missing(*state, asking, GOOD, cases[i].wanted);
    }
}

static void facts_of_referral_and_patient(void **state)
{
    arena_t *arena = *state;
    pathway_findings_t findings;
    pathway_t *pathway = message(arena, PATHWAY_TYPE,
                                 "{'code':'x1','version':1,'specialty':'s1','effectiveFrom':'2026-04-01','requiredData':['service','sex'],"
                                 "'prioritiesAllowed':['routine']}");
    pathway_case_t referral = {.priority = PRIORITY(ROUTINE)};
    assert_true(pathway_check(pathway, &referral, 0, 20000, arena, &findings));
    assert_int_equal(findings.missing_count, 2);
    assert_string_equal(findings.missing[0]->field, "service");
    assert_string_equal(findings.missing[1]->field, "patient");
    referral.service = "00000000-0000-7000-8000-000000000001";
    // Nothing is said of where a service may be without destinations.
    referral.service_kind = "anything";
    referral.sex = PCN__REFERRAL__V1__SEX__SEX_MALE;
    assert_true(pathway_check(pathway, &referral, 0, 20000, arena, &findings));
    assert_int_equal(findings.missing_count, 0);
}

static void one_version_is_in_force(void **state)
{
    arena_t *arena = *state;
    pathway_t *versions[] = {
        message(arena, PATHWAY_TYPE, "{'version':1,'effectiveFrom':'2026-01-01','effectiveTo':'2026-03-31'}"),
        message(arena, PATHWAY_TYPE, "{'version':2,'effectiveFrom':'2026-04-01','effectiveTo':'2026-06-30'}"),
        message(arena, PATHWAY_TYPE, "{'version':3,'effectiveFrom':'2026-08-01'}"),
    };
    static const struct {
        const char *day;
        uint32_t version;
    } cases[] = {{"2025-12-31", 0}, {"2026-01-01", 1}, {"2026-03-31", 1}, {"2026-04-01", 2},
                 {"2026-06-30", 2}, {"2026-07-15", 0}, {"2026-08-01", 3}, {"2099-01-01", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const pathway_t *found = pathway_in_force(versions, 3, day_of(cases[i].day));
        assert_int_equal(found != NULL ? found->version : 0, cases[i].version);
    }
}

static void memory_that_is_not_there_is_said(void **state)
{
    (void)state;
    arena_t *large = arena_new((size_t)64 * 1024), *small = arena_new(300);
    const pathway_t *pathway = message(large, PATHWAY_TYPE, pathway_json);
    const asking_t asking = whole();
    pathway_findings_t findings;
    assert_false(pathway_check(pathway, &asking.referral, 0, 20000, small, &findings));
    arena_destroy(&small);
    arena_destroy(&large);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_whole_referral_lacks_nothing),
        TEST(everything_that_is_missing_is_told),
        TEST(conditions_lead_from_question_to_question),
        TEST(answers_are_of_their_kind),
        TEST(a_yes_or_no_is_one),
        TEST(what_is_to_be_tried_first),
        TEST(the_referral_itself),
        TEST(ages_are_inclusive),
        TEST(destinations),
        TEST(facts_of_referral_and_patient),
        TEST(one_version_is_in_force),
        TEST(memory_that_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
