// The directory: who keeps what, and what a search finds and hides.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/referral/world.h"

static int setup(void **state)
{
    const int result = world_setup(state);
    if (result == 0)
        ((world_t *)*state)->scopes[0] = "services.clinical";
    return result;
}

// Creates a service with the rest of its fields; its id.
static const char *create(world_t *world, const char *name, const char *kind, const char *provider, const char *rest)
{
    assert_call(world, "CreateService",
                "{\"service\":{\"name\":\"%s\",\"kind\":\"%s\",\"provider\":\"%s\",\"channels\":[\"in-person\"]%s%s}}", name, kind,
                provider, rest[0] != '\0' ? "," : "", rest);
    static char ids[16][40];
    static unsigned at;
    char *id = ids[at++ % 16];
    (void)snprintf(id, sizeof ids[0], "%.36s", strstr(world->reply, "\"id\":\"") + 6);
    return id;
}

static void a_service_is_kept_by_who_reaches_its_provider(void **state)
{
    world_t *world = *state;
    world->unlimited = false;
    world->organisation = "pcn-a";
    const char *id = create(world, "Back pain clinic", "first-contact-physiotherapy", "gp-a1", "\"capacity\":{\"places\":8,\"free\":3}");
    assert_reply_has(world, "\"status\":\"active\"");
    assert_reply_has(world, "\"free\":3,\"asOf\":");
    assert_refusal(world, STATUS_NOT_FOUND, "provider", "CreateService",
                   "{\"service\":{\"name\":\"X\",\"kind\":\"dental\",\"provider\":\"gp-b1\",\"channels\":[\"in-person\"]}}");
    assert_refusal(world, STATUS_NOT_FOUND, "provider", "CreateService",
                   "{\"service\":{\"name\":\"X\",\"kind\":\"dental\",\"provider\":\"nobody\",\"channels\":[\"in-person\"]}}");
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "kind", "CreateService",
                   "{\"service\":{\"name\":\"X\",\"kind\":\"alchemy\",\"provider\":\"gp-a1\",\"channels\":[\"in-person\"]}}");
    assert_refusal(
        world, STATUS_FAILED_PRECONDITION, "areas", "CreateService",
        "{\"service\":{\"name\":\"X\",\"kind\":\"dental\",\"provider\":\"gp-a1\",\"channels\":[\"in-person\"],\"areas\":[\"pcn-a\","
        "\"atlantis\"]}}");
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"specialty\":\"spine\",\"channels\":[\"in-person\",\"video\"]}}", id);
    assert_int_equal(world->version, 2);
    assert_reply_has(world, "\"channels\":[\"in-person\",\"video\"]");
    assert_reply_has(world, "\"free\":3");
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{},\"clear\":[\"specialty\",\"capacity\"]}", id);
    assert_reply_lacks(world, "spine");
    assert_reply_lacks(world, "\"free\"");
    assert_call(world, "SetCapacity", "{\"id\":\"%s\",\"capacity\":{\"places\":5,\"free\":0}}", id);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "capacity.free", "SetCapacity", "{\"id\":\"%s\",\"capacity\":{\"places\":5,\"free\":6}}",
                   id);
    world->organisation = "pcn-b";
    assert_refusal(world, STATUS_NOT_FOUND, "id", "SetCapacity", "{\"id\":\"%s\",\"capacity\":{\"places\":5,\"free\":1}}", id);
    assert_refusal(world, STATUS_NOT_FOUND, "id", "UpdateService", "{\"id\":\"%s\",\"service\":{\"name\":\"Theirs\"}}", id);
    assert_call(world, "GetService", "{\"id\":\"%s\"}", id);
    assert_reply_has(world, "\"version\":4");
    assert_string_equal(world_query(world, "SELECT count(*) FROM event_queue WHERE type LIKE 'pcn.referral.service.%'"), "4");
}

static void who_keeps_no_clinical_services_keeps_the_others(void **state)
{
    world_t *world = *state;
    world->unlimited = false;
    world->organisation = "pcn-a";
    world->scopes[0] = NULL;
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "kind", "CreateService",
                   "{\"service\":{\"name\":\"X\",\"kind\":\"dental\",\"provider\":\"gp-a1\",\"channels\":[\"in-person\"]}}");
    // A voluntary organisation out of reach has no login of its own.
    const char *id = create(world, "Walking group", "community-group", "vol-a", "");
    assert_call(world, "SetCapacity", "{\"id\":\"%s\",\"capacity\":{\"places\":12,\"free\":4}}", id);
    assert_refusal(world, STATUS_FAILED_PRECONDITION, "kind", "UpdateService", "{\"id\":\"%s\",\"service\":{\"kind\":\"dental\"}}", id);
}

// Names in the order of the list, joined by commas.
static const char *found(world_t *world, const char *search)
{
    static char names[2000];
    assert_call(world, "ListServices", "{%s}", search);
    names[0] = '\0';
    const char *end = strstr(world->reply, "\"hidden\"");
    for (const char *at = world->reply; (at = strstr(at, "\"name\":\"")) != NULL && (end == NULL || at < end); at++) {
        const size_t used = strlen(names);
        const char *name = at + 8;
        (void)snprintf(names + used, sizeof names - used, "%s%.*s", used > 0 ? "," : "", (int)strcspn(name, "\""), name);
    }
    return names;
}

static void populate(world_t *world)
{
    (void)create(world, "Market Street Pharmacy", "community-pharmacy", "provider-a",
                 "\"location\":{\"latitude\":\"52.6369\",\"longitude\":\"-1.1398\",\"synthetic\":true},"
                 "\"hours\":{\"weekly\":[{\"weekday\":\"thursday\",\"from\":\"08:00\",\"to\":\"18:30\"}]}");
    (void)create(world, "Oakham Pharmacy", "community-pharmacy", "provider-a",
                 "\"location\":{\"latitude\":\"52.6705\",\"longitude\":\"-0.7333\"},\"areas\":[\"pcn-b\"],"
                 "\"hours\":{\"weekly\":[{\"weekday\":\"thursday\",\"from\":\"10:00\",\"to\":\"12:00\"}]}");
    (void)create(world, "Spinal physiotherapy", "first-contact-physiotherapy", "gp-a1", "\"acceptsFrom\":{\"organisations\":[\"pcn-a\"]}");
    (void)create(world, "Crisis team", "crisis-response", "provider-a", "\"specialty\":\"frailty\"");
    (void)create(world, "Debt advice", "voluntary-service", "vol-a", "\"capacity\":{\"places\":3,\"free\":0}");
}

static void a_search_finds_and_hides(void **state)
{
    world_t *world = *state;
    populate(world);
    world->organisation = "gp-a1";
    assert_string_equal(found(world, ""), "Market Street Pharmacy,Oakham Pharmacy,Spinal physiotherapy,Crisis team,Debt advice");
    assert_string_equal(found(world, "\"q\":\"pharmcy\""), "Market Street Pharmacy,Oakham Pharmacy");
    assert_string_equal(found(world, "\"q\":\"oakham pharmacy\""), "Oakham Pharmacy");
    assert_string_equal(found(world, "\"q\":\"physio\""), "Spinal physiotherapy");
    assert_string_equal(found(world, "\"q\":\"crisis response\""), "Crisis team");
    assert_string_equal(found(world, "\"q\":\"zebra\""), "");
    assert_string_equal(found(world, "\"kind\":\"dental\""), "");
    assert_string_equal(found(world, "\"specialty\":\"Frailty\""), "Crisis team");
    assert_string_equal(found(world, "\"network\":\"pcn-a\""), "Spinal physiotherapy");
    assert_string_equal(found(world, "\"need\":\"sore-throat\""), "Market Street Pharmacy,Oakham Pharmacy,Crisis team,Debt advice");
    assert_string_equal(found(world, "\"need\":\"chest-pain\",\"kind\":\"community-pharmacy\""), "");
    assert_string_equal(found(world, "\"age\":15,\"kind\":\"first-contact-physiotherapy\""), "");
    assert_string_equal(found(world, "\"age\":16,\"kind\":\"first-contact-physiotherapy\""), "Spinal physiotherapy");
    assert_string_equal(found(world, "\"practice\":\"gp-a1\",\"kind\":\"community-pharmacy\""), "Market Street Pharmacy");
    assert_string_equal(found(world, "\"practice\":\"gp-b1\",\"kind\":\"community-pharmacy\""), "Market Street Pharmacy,Oakham Pharmacy");
    assert_string_equal(found(world, "\"withCapacity\":true"), "Market Street Pharmacy,Oakham Pharmacy,Spinal physiotherapy,Crisis team");
    assert_string_equal(found(world, "\"channel\":\"video\""), "");
    // Nearest first; what is nowhere comes last.
    assert_string_equal(found(world, "\"latitude\":\"52.67\",\"longitude\":\"-0.73\",\"kind\":\"community-pharmacy\""),
                        "Oakham Pharmacy,Market Street Pharmacy");
    assert_reply_has(world, "\"distanceMetres\":2");
    assert_string_equal(found(world, "\"latitude\":\"52.67\",\"longitude\":\"-0.73\",\"withinMetres\":5000"), "Oakham Pharmacy");
    // 2026-11-26 is a Thursday, 2026-12-25 a Friday and a bank holiday.
    assert_string_equal(found(world, "\"openAt\":\"2026-11-26T09:59:59Z\""), "Market Street Pharmacy");
    assert_string_equal(found(world, "\"openAt\":\"2026-11-26T10:00:00Z\""), "Market Street Pharmacy,Oakham Pharmacy");
    assert_string_equal(found(world, "\"openAt\":\"2026-11-26T18:30:00Z\""), "");
    // In summer time.
    assert_string_equal(found(world, "\"openAt\":\"2026-07-02T07:00:00Z\""), "Market Street Pharmacy");
    world->organisation = "gp-x";
    assert_string_equal(found(world, "\"kind\":\"first-contact-physiotherapy\""), "");
    world->organisation = "vol-a";
    assert_string_equal(found(world, "\"kind\":\"crisis-response\""), "");
}

static void what_is_hidden_says_why(void **state)
{
    world_t *world = *state;
    populate(world);
    world->organisation = "gp-x";
    assert_call(world, "ListServices",
                "{\"explain\":true,\"need\":\"chest-pain\",\"practice\":\"gp-x\",\"age\":10,\"channel\":\"video\",\"withCapacity\":true,"
                "\"latitude\":\"52.6369\",\"longitude\":\"-1.1398\",\"withinMetres\":1000,\"openAt\":\"2026-11-26T09:00:00Z\"}");
    static const char *const reasons[] = {"channel",  "closed",        "distance",         "age", "area", "accepts-from",
                                          "capacity", "need-excluded", "need-not-accepted"};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        char text[64];
        (void)snprintf(text, sizeof text, "{\"code\":\"%s\"", reasons[i]);
        assert_reply_has(world, text);
    }
    assert_reply_has(world, "\"services\":[]");
    assert_call(world, "ListServices", "{\"explain\":true,\"kind\":\"community-pharmacy\"}");
    assert_reply_lacks(world, "\"hidden\"");
}

static void a_closed_or_suspended_service_is_hidden(void **state)
{
    world_t *world = *state;
    const char *id = create(world, "Clinic", "dental", "gp-a1", "\"status\":\"suspended\"");
    assert_string_equal(found(world, ""), "");
    assert_call(world, "ListServices", "{\"explain\":true}");
    assert_reply_has(world, "\"code\":\"suspended\"");
    assert_call(world, "UpdateService", "{\"id\":\"%s\",\"service\":{\"status\":\"closed\"}}", id);
    assert_call(world, "ListServices", "{\"explain\":true}");
    assert_reply_has(world, "\"code\":\"closed-down\"");
}

static void pages_hold_every_service_once(void **state)
{
    world_t *world = *state;
    for (int i = 0; i < 23; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "S%02d", i);
        (void)create(world, name, "dental", i % 3 == 0 ? "gp-a1" : "gp-b1", i % 4 == 0 ? "\"criteria\":{\"ageFrom\":50}" : "");
    }
    char all[200] = "", token[300] = "";
    unsigned pages = 0;
    do {
        char search[400];
        (void)snprintf(search, sizeof search, "\"pageSize\":5,\"age\":30%s%s%s", token[0] ? ",\"pageToken\":\"" : "", token,
                       token[0] ? "\"" : "");
        const char *names = found(world, search);
        const size_t used = strlen(all);
        (void)snprintf(all + used, sizeof all - used, "%s%s", used > 0 && names[0] ? "," : "", names);
        const char *next = strstr(world->reply, "\"nextPageToken\":\"");
        token[0] = '\0';
        if (next != NULL)
            (void)snprintf(token, sizeof token, "%.*s", (int)strcspn(next + 17, "\""), next + 17);
        pages++;
    } while (token[0] != '\0' && pages < 10);
    assert_string_equal(all, "S01,S02,S03,S05,S06,S07,S09,S10,S11,S13,S14,S15,S17,S18,S19,S21,S22");
    assert_int_equal(pages, 4);
    assert_call(world, "ListServices", "{\"pageSize\":5}");
    const char *next = strstr(world->reply, "\"nextPageToken\":\"") + 17;
    char foreign[300];
    (void)snprintf(foreign, sizeof foreign, "%.*s", (int)strcspn(next, "\""), next);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListServices", "{\"channel\":\"video\",\"pageToken\":\"%s\"}", foreign);
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "pageToken", "ListServices", "{\"pageToken\":\"nonsense\"}");
}

static void a_network_sees_what_its_offer_lacks(void **state)
{
    world_t *world = *state;
    populate(world);
    assert_call(world, "GetOffer", "{\"code\":\"pcn-a\"}");
    assert_reply_has(world, "\"kind\":\"first-contact-physiotherapy\",\"name\":\"First contact physiotherapy\",\"services\":[\"");
    assert_reply_has(world, "\"missing\":[\"community-pharmacy\",\"diagnostic-hub\",\"extended-access-hub\",\"general-practice\"]");
    assert_call(world, "GetOffer", "{\"code\":\"pcn-b\"}");
    assert_reply_has(world,
                     "\"missing\":[\"diagnostic-hub\",\"extended-access-hub\",\"first-contact-physiotherapy\",\"general-practice\"]");
    assert_refusal(world, STATUS_NOT_FOUND, "code", "GetOffer", "{\"code\":\"gp-a1\"}");
}

static void kinds_are_data(void **state)
{
    world_t *world = *state;
    assert_call(world, "ListServiceKinds", "{}");
    assert_reply_has(world, "\"code\":\"crisis-response\",\"name\":\"Crisis response within two hours\",\"targetMinutes\":120");
    assert_call(
        world, "CreateServiceKind",
        "{\"serviceKind\":{\"code\":\"hearing\",\"name\":\"Hearing tests\",\"targetMinutes\":20160,\"criteria\":{\"ageFrom\":50}}}");
    assert_refusal(world, STATUS_ALREADY_EXISTS, "code", "CreateServiceKind", "{\"serviceKind\":{\"code\":\"hearing\",\"name\":\"X\"}}");
    assert_refusal(world, STATUS_INVALID_ARGUMENT, "criteria.ageTo", "UpdateServiceKind",
                   "{\"code\":\"hearing\",\"serviceKind\":{\"criteria\":{\"ageFrom\":50,\"ageTo\":40}}}");
    assert_call(world, "UpdateServiceKind", "{\"code\":\"hearing\",\"serviceKind\":{\"criteria\":{\"ageFrom\":60}}}");
    (void)create(world, "Ears", "hearing", "gp-a1", "\"criteria\":{\"ageTo\":90}");
    assert_string_equal(found(world, "\"kind\":\"hearing\",\"age\":59"), "");
    assert_string_equal(found(world, "\"kind\":\"hearing\",\"age\":60"), "Ears");
    assert_string_equal(found(world, "\"kind\":\"hearing\",\"age\":91"), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_service_is_kept_by_who_reaches_its_provider),
        TEST(who_keeps_no_clinical_services_keeps_the_others),
        TEST(a_search_finds_and_hides),
        TEST(what_is_hidden_says_why),
        TEST(a_closed_or_suspended_service_is_hidden),
        TEST(pages_hold_every_service_once),
        TEST(a_network_sees_what_its_offer_lacks),
        TEST(kinds_are_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
