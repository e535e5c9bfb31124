#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/log.h"
#include "services/gateway/keyfile.h"
#include "tests/unit/gateway/issuer.h"

#define NOW 1800000000LL

typedef struct fixture {
    char dir[32], path[64];
    uv_loop_t loop;
    verifier_t *verifier;
    keyfile_t *keyfile;
    issuer_t issuer;
} fixture_t;

static const token_rules_t rules = {"urn:pcn:development", "pcn", 0};

static void write_file(const fixture_t *fixture, const char *text)
{
    char made[80];
    snprintf(made, sizeof(made), "%s.new", fixture->path);
    FILE *file = fopen(made, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(made, fixture->path), 0);
}

static void write_keys(const fixture_t *fixture)
{
    char *set = issuer_jwks(&fixture->issuer);
    write_file(fixture, set);
    free(set);
}

static bool good(const fixture_t *fixture)
{
    char *token = issuer_token(&fixture->issuer, ISSUER_ED25519, "operations", NOW);
    principal_t *principal = verifier_check(fixture->verifier, token, strlen(token), NOW * 1000000);
    bool found = principal != NULL;
    principal_release(&principal);
    free(token);
    return found;
}

static void begin(fixture_t *fixture)
{
    problem_t problem = {0};
    log_start("gateway", LOG_LEVEL_ERROR);
    strcpy(fixture->dir, "/tmp/pcn-keyfile-XXXXXX");
    assert_non_null(mkdtemp(fixture->dir));
    snprintf(fixture->path, sizeof(fixture->path), "%s/jwks.json", fixture->dir);
    issuer_init(&fixture->issuer);
    uv_loop_init(&fixture->loop);
    fixture->verifier = verifier_new(&rules, 10);
    assert_int_equal(keyfile_new(&fixture->loop, fixture->path, fixture->verifier, &fixture->keyfile, &problem), STATUS_OK);
}

static void end(fixture_t *fixture)
{
    keyfile_destroy(&fixture->keyfile);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    verifier_destroy(&fixture->verifier);
    issuer_deinit(&fixture->issuer);
    unlink(fixture->path);
    rmdir(fixture->dir);
}

// A set that is not there yet is found by itself once it is.
static void a_file_that_comes_later(void **state)
{
    fixture_t fixture;
    (void)state;
    begin(&fixture);
    assert_false(verifier_has_keys(fixture.verifier));
    uv_run(&fixture.loop, UV_RUN_NOWAIT);
    write_keys(&fixture);
    while (!verifier_has_keys(fixture.verifier))
        uv_run(&fixture.loop, UV_RUN_ONCE);
    assert_true(good(&fixture));
    end(&fixture);
}

static void a_broken_file_keeps_the_keys(void **state)
{
    fixture_t fixture;
    (void)state;
    begin(&fixture);
    write_keys(&fixture);
    keyfile_reload(fixture.keyfile);
    assert_true(good(&fixture));
    write_file(&fixture, "{\"keys\":[");
    keyfile_reload(fixture.keyfile);
    assert_true(good(&fixture));
    unlink(fixture.path);
    keyfile_reload(fixture.keyfile);
    assert_true(good(&fixture));
    // Other keys make the old tokens bad.
    issuer_t old = fixture.issuer;
    issuer_init(&fixture.issuer);
    write_keys(&fixture);
    keyfile_reload(fixture.keyfile);
    assert_true(good(&fixture));
    issuer_deinit(&fixture.issuer);
    fixture.issuer = old;
    assert_false(good(&fixture));
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_comes_later),
        cmocka_unit_test(a_broken_file_keeps_the_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
