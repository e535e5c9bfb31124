// The proof of an audit trail: hashes as the contract says, and every fault told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/ctl/trail.h"

// Made by another program from the rule in audit.proto.
#define FIRST_HASH "bba6c9a217536a9ea346600a73a32c9a9af68e77f04a1c3dcf44059c6f81c887"
#define SECOND_HASH "4f04f1b50b850b99f7477f44616d13ebf53da22c89d2784c02b2399a3c921ed2"

enum { ENTRIES = 8, SAID = 16 };

typedef struct fixture {
    Pcn__Audit__V1__Entry entries[ENTRIES];
    char subjects[ENTRIES][32], hashes[ENTRIES][TRAIL_HEX_SIZE];
    bool gone[ENTRIES];
    char said[SAID][256];
    unsigned count;
} fixture_t;

static void hex(const uint8_t hash[TRAIL_HASH_SIZE], char out[TRAIL_HEX_SIZE])
{
    for (size_t i = 0; i < TRAIL_HASH_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

// Hashes of the entries from one on, as a relay would make them.
static void chain_from(fixture_t *fixture, size_t from)
{
    uint8_t hash[TRAIL_HASH_SIZE] = {0};
    buf_t scratch;
    buf_init(&scratch, 4096);
    for (size_t i = 0; i < ENTRIES; i++) {
        assert_true(trail_hash(hash, &fixture->entries[i], &scratch, hash));
        if (i >= from)
            hex(hash, fixture->hashes[i]);
    }
    buf_deinit(&scratch);
}

static int setup(void **state)
{
    fixture_t *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    for (size_t i = 0; i < ENTRIES; i++) {
        Pcn__Audit__V1__Entry *entry = &fixture->entries[i];
        pcn__audit__v1__entry__init(entry);
        snprintf(fixture->subjects[i], sizeof fixture->subjects[i], "caller %zu", i + 1);
        entry->has_place = 1;
        entry->place = (int64_t)i + 1;
        entry->at = (char *)"2026-11-25T09:30:00.000000Z";
        entry->request_id = (char *)"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
        entry->subject = fixture->subjects[i];
        entry->organisation = (char *)"ics-llr";
        entry->method = (char *)"pcn.registry.v1.Registry/UpdateOrganisation";
        entry->resource = (char *)"organisations/pcn-rutland";
        entry->verdict = (char *)"done";
        entry->hash = fixture->hashes[i];
    }
    chain_from(fixture, 0);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void hear(void *data, const char *sentence)
{
    fixture_t *fixture = data;
    assert_true(fixture->count < SAID);
    snprintf(fixture->said[fixture->count++], sizeof fixture->said[0], "%s", sentence);
}

static uint64_t prove(fixture_t *fixture, int64_t head, const char *hash, const char *kept)
{
    trail_t trail;
    trail_place_t place;
    problem_t problem = {0};
    fixture->count = 0;
    assert_true(kept == NULL || trail_place_parse(kept, &place));
    trail_init(&trail, hear, fixture, kept != NULL ? &place : NULL);
    for (size_t i = 0; i < ENTRIES; i++) {
        if (!fixture->gone[i])
            assert_int_equal(trail_add(&trail, &fixture->entries[i], &problem), STATUS_OK);
    }
    trail_end(&trail, head, hash);
    const uint64_t faults = trail.faults;
    trail_deinit(&trail);
    assert_int_equal(faults, fixture->count);
    return faults;
}

static uint64_t prove_whole(fixture_t *fixture)
{
    return prove(fixture, ENTRIES, fixture->hashes[ENTRIES - 1], NULL);
}

#define assert_said(fixture, i, text) assert_non_null(strstr((fixture)->said[i], text))

static void known_hashes(void **state)
{
    (void)state;
    Pcn__Audit__V1__Entry first = PCN__AUDIT__V1__ENTRY__INIT, second = PCN__AUDIT__V1__ENTRY__INIT;
    uint8_t hash[TRAIL_HASH_SIZE] = {0};
    char text[TRAIL_HEX_SIZE];
    buf_t scratch;
    buf_init(&scratch, 4096);
    first.place = 1;
    first.at = (char *)"2026-11-25T09:30:00.000000Z";
    first.request_id = (char *)"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
    first.subject = (char *)"manager@ics-llr";
    first.organisation = (char *)"ics-llr,pcn-rutland";
    first.origin = (char *)"203.0.113.7";
    first.peer = (char *)"gateway";
    first.method = (char *)"pcn.registry.v1.Registry/CreateOrganisation";
    first.resource = (char *)"organisations/pcn-rutland";
    first.verdict = (char *)"done";
    assert_true(trail_hash(hash, &first, &scratch, hash));
    hex(hash, text);
    assert_string_equal(text, FIRST_HASH);
    second.place = 2;
    second.at = (char *)"2026-11-25T09:30:00.000001Z";
    second.request_id = (char *)"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c";
    second.subject = (char *)"Zo\xc3\xab \xc3\x85ngstr\xc3\xb6m";
    // An empty text and an absent one are the same.
    second.organisation = (char *)"";
    second.method = (char *)"pcn.registry.v1.Registry/UpdateOrganisation";
    second.resource = (char *)"organisations/pcn-rutland";
    second.verdict = (char *)"refused: PERMISSION_DENIED";
    assert_true(trail_hash(hash, &second, &scratch, hash));
    hex(hash, text);
    assert_string_equal(text, SECOND_HASH);
    buf_deinit(&scratch);
}

static void a_boundary_between_fields_counts(void **state)
{
    fixture_t *fixture = *state;
    uint8_t before[TRAIL_HASH_SIZE] = {0}, one[TRAIL_HASH_SIZE], other[TRAIL_HASH_SIZE];
    Pcn__Audit__V1__Entry entry = fixture->entries[0];
    buf_t scratch;
    buf_init(&scratch, 4096);
    entry.subject = (char *)"ab";
    entry.organisation = (char *)"c";
    assert_true(trail_hash(before, &entry, &scratch, one));
    entry.subject = (char *)"a";
    entry.organisation = (char *)"bc";
    assert_true(trail_hash(before, &entry, &scratch, other));
    assert_memory_not_equal(one, other, sizeof one);
    buf_deinit(&scratch);
}

static void whole(void **state)
{
    fixture_t *fixture = *state;
    char kept[96];
    assert_int_equal(prove_whole(fixture), 0);
    snprintf(kept, sizeof kept, "5:%s", fixture->hashes[4]);
    assert_int_equal(prove(fixture, ENTRIES, fixture->hashes[ENTRIES - 1], kept), 0);
    assert_int_equal(
        prove(fixture, ENTRIES, fixture->hashes[ENTRIES - 1], "0:0000000000000000000000000000000000000000000000000000000000000000"), 0);
    memset(fixture->gone, true, sizeof fixture->gone);
    assert_int_equal(prove(fixture, 0, "0000000000000000000000000000000000000000000000000000000000000000", NULL), 0);
}

static void altered(void **state)
{
    fixture_t *fixture = *state;
    fixture->entries[2].verdict = (char *)"refused: ABORTED";
    assert_int_equal(prove_whole(fixture), 1);
    assert_said(fixture, 0, "place 3: the entry does not fit its hash");
    // Several are found each; the first and the last too.
    fixture->entries[0].subject = (char *)"somebody else";
    fixture->entries[5].origin = (char *)"203.0.113.7";
    fixture->entries[7].at = (char *)"2026-11-25T09:30:00.000001Z";
    assert_int_equal(prove_whole(fixture), 4);
    assert_said(fixture, 0, "place 1:");
    assert_said(fixture, 1, "place 3:");
    assert_said(fixture, 2, "place 6:");
    assert_said(fixture, 3, "place 8:");
}

static void a_hash_is_altered(void **state)
{
    fixture_t *fixture = *state;
    fixture->hashes[3][10] = fixture->hashes[3][10] == 'a' ? 'b' : 'a';
    assert_int_equal(prove_whole(fixture), 2);
    assert_said(fixture, 0, "place 4:");
    assert_said(fixture, 1, "place 5:");
    fixture->hashes[3][10] = 'x';
    assert_int_equal(prove_whole(fixture), 1);
    assert_said(fixture, 0, "place 4: it has no hash");
}

static void taken_away(void **state)
{
    fixture_t *fixture = *state;
    fixture->gone[3] = true;
    assert_int_equal(prove_whole(fixture), 1);
    assert_said(fixture, 0, "place 4 is missing");
    fixture->gone[4] = fixture->gone[0] = true;
    fixture->entries[6].subject = (char *)"somebody else";
    assert_int_equal(prove_whole(fixture), 3);
    assert_said(fixture, 0, "place 1 is missing");
    assert_said(fixture, 1, "places 4 to 5 are missing");
    assert_said(fixture, 2, "place 7:");
}

static void the_end_is_cut_off(void **state)
{
    fixture_t *fixture = *state;
    fixture->gone[7] = true;
    assert_int_equal(prove_whole(fixture), 1);
    assert_said(fixture, 0, "place 8 is missing from the end");
    fixture->gone[6] = true;
    assert_int_equal(prove_whole(fixture), 1);
    assert_said(fixture, 0, "places 7 to 8 are missing from the end");
    // With the head moved back nothing shows, but to who kept a head.
    assert_int_equal(prove(fixture, 6, fixture->hashes[5], NULL), 0);
    char kept[96];
    snprintf(kept, sizeof kept, "8:%s", fixture->hashes[7]);
    assert_int_equal(prove(fixture, 6, fixture->hashes[5], kept), 1);
    assert_said(fixture, 0, "place 8, which was kept, is not there");
}

static void the_head_is_altered(void **state)
{
    fixture_t *fixture = *state;
    assert_int_equal(prove(fixture, ENTRIES, fixture->hashes[2], NULL), 1);
    assert_said(fixture, 0, "the head has another hash");
    assert_int_equal(prove(fixture, ENTRIES, NULL, NULL), 1);
    assert_int_equal(prove(fixture, 5, fixture->hashes[4], NULL), 1);
    assert_said(fixture, 0, "beyond the head");
}

static void made_anew(void **state)
{
    fixture_t *fixture = *state;
    char kept[96];
    snprintf(kept, sizeof kept, "8:%s", fixture->hashes[7]);
    // Who may write everything can make a chain that fits: only the kept head tells.
    fixture->entries[1].subject = (char *)"somebody else";
    chain_from(fixture, 0);
    assert_int_equal(prove_whole(fixture), 0);
    assert_int_equal(prove(fixture, ENTRIES, fixture->hashes[ENTRIES - 1], kept), 1);
    assert_said(fixture, 0, "place 8: its hash is not the one that was kept");
}

static void entries_out_of_order(void **state)
{
    fixture_t *fixture = *state;
    trail_t trail;
    problem_t problem = {0};
    trail_init(&trail, hear, fixture, NULL);
    assert_int_equal(trail_add(&trail, &fixture->entries[0], &problem), STATUS_OK);
    assert_int_equal(trail_add(&trail, &fixture->entries[0], &problem), STATUS_INTERNAL);
    fixture->entries[1].has_place = 0;
    assert_int_equal(trail_add(&trail, &fixture->entries[1], &problem), STATUS_INTERNAL);
    trail_deinit(&trail);
}

static void heads_as_text(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      ":" FIRST_HASH,
                                      "5",
                                      "5:",
                                      "5:abc",
                                      "-5:" FIRST_HASH,
                                      "5:" FIRST_HASH "0",
                                      " 5:" FIRST_HASH,
                                      "1234567890123456789:" FIRST_HASH,
                                      "5:gba6c9a217536a9ea346600a73a32c9a9af68e77f04a1c3dcf44059c6f81c887"};
    trail_place_t place;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(trail_place_parse(bad[i], &place));
    assert_true(trail_place_parse("5:BBA6C9A217536A9EA346600A73A32C9A9AF68E77F04A1C3DCF44059C6F81C887", &place));
    assert_int_equal(place.place, 5);
    assert_string_equal(place.hash, FIRST_HASH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_hashes),
        cmocka_unit_test_setup_teardown(a_boundary_between_fields_counts, setup, teardown),
        cmocka_unit_test_setup_teardown(whole, setup, teardown),
        cmocka_unit_test_setup_teardown(altered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hash_is_altered, setup, teardown),
        cmocka_unit_test_setup_teardown(taken_away, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(the_head_is_altered, setup, teardown),
        cmocka_unit_test_setup_teardown(made_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(entries_out_of_order, setup, teardown),
        cmocka_unit_test(heads_as_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
