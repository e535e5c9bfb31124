// Tokens that must not be believed, at the edge and at the gateway's socket: all 401, and all alike, so that nobody learns from an answer
// how near a forgery came. Fault case 23.
//
// The issuer's key set gets three keys of the test's own beside the one that is there, so that everything can be signed, and signed
// wrongly.
#include <openssl/x509.h>
#include <strings.h>

#include "tests/integration/abuse/raw.h"
#include "tests/integration/abuse/vitals.h"
#include "tests/unit/gateway/issuer.h"

#include "common/base/buf.h"
#include "common/base/clock.h"

#define ED "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"ed\"}"
#define HEADER_MAX 16384
#define KEYS_WITHIN_US 60000000

typedef struct world {
    rig_t *rig;
    issuer_t issuer;
    raw_client_t clients[RAW_PLACES];
    char *first[RAW_PLACES]; // the refusal that all others must look like
    unsigned refused;
    long long now_s;
} world_t;

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text(const char *format, ...)
{
    char *made = NULL;
    va_list arguments;
    va_start(arguments, format);
    assert_true(vasprintf(&made, format, arguments) >= 0);
    va_end(arguments);
    return made;
}

// Claims that are good, with `rest` behind them.
static char *claims(const world_t *world, const char *rest)
{
    return text("{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"roles\":[\"system-manager\"],\"org\":[\"ics-llr\"],"
                "\"exp\":%lld%s}",
                world->now_s + 600, rest);
}

// Asks with these header lines; the answer without what differs from one to the next.
static int ask(world_t *world, raw_place_t place, const char *lines, char **shown)
{
    static const char *const varying[] = {"date:", "x-request-id:"};
    char *request = text("GET /v1/organisations/pcn-rutland HTTP/1.1\r\nHost: x\r\n%s\r\n", lines);
    raw_answer_t answer;
    if (!raw_ask(&world->clients[place], request, strlen(request), &answer))
        fail_msg("%s: no answer to %.200s", raw_place_names[place], lines);
    free(request);
    buf_t out;
    buf_init(&out, HEADER_MAX);
    for (const char *line = answer.head, *end = line + answer.head_size; line < end;) {
        const char *stop = memmem(line, (size_t)(end - line), "\r\n", 2);
        stop = stop != NULL ? stop : end;
        bool varies = false;
        for (size_t i = 0; i < sizeof varying / sizeof varying[0]; i++)
            varies = varies || strncasecmp(line, varying[i], strlen(varying[i])) == 0;
        if (!varies)
            buf_printf(&out, "%.*s\n", (int)(stop - line), line);
        line = stop + 2;
    }
    json_t *body = json_loadb(answer.body, answer.body_size, JSON_REJECT_DUPLICATES, NULL);
    if (answer.status == 401) {
        assert_non_null(body);
        assert_int_equal(json_object_del(body, "requestId"), 0);
    }
    char *dumped = body != NULL ? json_dumps(body, JSON_SORT_KEYS) : NULL;
    buf_add_string(&out, dumped != NULL ? dumped : "");
    free(dumped);
    json_decref(body);
    assert_true(buf_ok(&out));
    *shown = out.data; // a buf's text ends with a NUL
    return answer.status;
}

static void refuse_lines(world_t *world, const char *what, const char *lines)
{
    for (int place = 0; place < RAW_PLACES; place++) {
        char *shown;
        const int status = ask(world, (raw_place_t)place, lines, &shown);
        if (status != 401)
            fail_msg("%s: %s: %d %s", raw_place_names[place], what, status, shown);
        if (world->first[place] == NULL)
            world->first[place] = shown;
        else {
            if (strcmp(shown, world->first[place]) != 0)
                fail_msg("%s: %s is answered otherwise:\n%s\n%s", raw_place_names[place], what, shown, world->first[place]);
            free(shown);
        }
        world->refused++;
    }
}

// Takes the token.
static void refuse(world_t *world, const char *what, char *token)
{
    char *lines = text("Authorization: Bearer %s\r\n", token);
    refuse_lines(world, what, lines);
    free(lines);
    free(token);
}

static void refuse_signed(world_t *world, const char *header, const char *body)
{
    refuse(world, body, issuer_sign(world->issuer.keys[ISSUER_ED25519], header, body));
}

// Takes the token.
static void believe(world_t *world, const char *format, char *token)
{
    for (int place = 0; place < RAW_PLACES; place++) {
        char *lines = text("%s%s\r\n", format, token), *shown;
        const int status = ask(world, (raw_place_t)place, lines, &shown);
        if (status != 200)
            fail_msg("%s: a good token: %d %s", raw_place_names[place], status, shown);
        free(shown);
        free(lines);
    }
    free(token);
}

static void add_keys(world_t *world)
{
    char *path = text("%s/issuer/jwks.json", world->rig->platform.state_dir), *own = issuer_jwks(&world->issuer);
    json_t *set = json_load_file(path, 0, NULL), *more = json_loads(own, 0, NULL);
    assert_non_null(set);
    assert_int_equal(json_array_extend(json_object_get(set, "keys"), json_object_get(more, "keys")), 0);
    assert_int_equal(json_dump_file(set, path, 0), 0);
    json_decref(set);
    json_decref(more);
    free(own);
    free(path);
}

static int start(void **state)
{
    world_t *world = calloc(1, sizeof *world);
    void *rig;
    if (world == NULL || rig_start(&rig) != 0)
        return -1;
    *state = world;
    world->rig = rig;
    world->now_s = clock_wall_us() / 1000000;
    issuer_init(&world->issuer);
    add_keys(world);
    for (int place = 0; place < RAW_PLACES; place++)
        raw_client_init(&world->clients[place], rig, (raw_place_t)place);
    // The gateway notices the new set by itself.
    const int64_t until = clock_steady_us() + KEYS_WITHIN_US;
    int status = 0;
    while (status != 200 && clock_steady_us() < until) {
        char *token = issuer_token(&world->issuer, ISSUER_ED25519, "system-manager", world->now_s), *shown;
        char *lines = text("Authorization: Bearer %s\r\n", token);
        status = ask(world, RAW_GATEWAY, lines, &shown);
        free(shown);
        free(lines);
        free(token);
    }
    return status == 200 ? 0 : -1;
}

static int stop(void **state)
{
    world_t *world = *state;
    for (int place = 0; place < RAW_PLACES; place++) {
        raw_client_deinit(&world->clients[place]);
        free(world->first[place]);
    }
    issuer_deinit(&world->issuer);
    void *rig = world->rig;
    free(world);
    return rig_stop(&rig);
}

static void test_good_ones(void **state)
{
    world_t *world = *state;
    for (int key = 0; key < ISSUER_KEYS; key++)
        believe(world, "Authorization: Bearer ", issuer_token(&world->issuer, (issuer_key_t)key, "system-manager", world->now_s));
    // A scheme's name has no case (RFC 9110, 11.1).
    believe(world, "Authorization: bearer ", issuer_token(&world->issuer, ISSUER_ED25519, "system-manager", world->now_s));
    believe(world, "authorization: BEARER ", issuer_token(&world->issuer, ISSUER_P256, "system-manager", world->now_s));
}

static void test_other_headers(void **state)
{
    world_t *world = *state;
    char *good = issuer_token(&world->issuer, ISSUER_ED25519, "system-manager", world->now_s);
    static const char *const forms[] = {"",
                                        "Authorization: %s\r\n",
                                        "Authorization: Bearer\r\n",
                                        "Authorization: Bearer \r\n",
                                        "Authorization: Bearer%s\r\n",
                                        "Authorization: Bearer  %s\r\n",
                                        "Authorization: Bearer \"%s\"\r\n",
                                        "Authorization: Bearer %s, Bearer x\r\n",
                                        "Authorization: Bearer %s x\r\n",
                                        "Authorization: Basic %s\r\n",
                                        "Authorization: JWT %s\r\n",
                                        "Authorization: Bearer %s\r\nAuthorization: Bearer x\r\n",
                                        "Authorization: Bearer x\r\nAuthorization: Bearer %s\r\n",
                                        "Authorization: Bearer %s\r\nauthorization: Basic eDp4\r\n",
                                        "Proxy-Authorization: Bearer %s\r\n",
                                        "X-Authorization: Bearer %s\r\n",
                                        "Cookie: Authorization=Bearer %s\r\n"};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const char *place = strstr(forms[i], "%s");
        char *lines = place != NULL ? text("%.*s%s%s", (int)(place - forms[i]), forms[i], good, place + 2) : text("%s", forms[i]);
        refuse_lines(world, forms[i], lines);
        free(lines);
    }
    free(good);
}

static void test_algorithms(void **state)
{
    world_t *world = *state;
    char *body = claims(world, "");
    // Every way to write none, with a signature, without, with a known key.
    for (unsigned bits = 0; bits < 16; bits++) {
        char none[5] = "none";
        for (unsigned i = 0; i < 4; i++)
            none[i] = (char)((bits >> i & 1) != 0 ? none[i] - 32 : none[i]);
        char *plain = text("{\"alg\":\"%s\"}", none), *known = text("{\"alg\":\"%s\",\"kid\":\"ed\"}", none);
        for (int form = 0; form < 4; form++) {
            char *token = issuer_sign(world->issuer.keys[ISSUER_ED25519], form % 2 == 0 ? plain : known, body);
            if (form >= 2)
                strrchr(token, '.')[1] = '\0';
            refuse(world, none, token);
        }
        free(plain);
        free(known);
    }
    static const char *const headers[] = {"{\"alg\":\"HS256\",\"kid\":\"ed\"}",
                                          "{\"alg\":\"eddsa\",\"kid\":\"ed\"}",
                                          "{\"alg\":\"ES256\",\"kid\":\"ed\"}",
                                          "{\"alg\":\"RS256\",\"kid\":\"ed\"}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"rsa\"}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"unknown\"}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"\"}",
                                          "{\"alg\":\"EdDSA\",\"kid\":1}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"../../keys\"}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"' OR 1=1 --\"}",
                                          "{\"alg\":\"EdDSA\"}",
                                          "{\"kid\":\"ed\"}",
                                          "{}",
                                          "[]",
                                          "\"EdDSA\"",
                                          "null",
                                          "",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"ed\"",
                                          "{\"alg\":\"EdDSA\",\"alg\":\"none\",\"kid\":\"ed\"}",
                                          "{\"alg\":\"none\",\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
                                          "{\"alg\":[\"EdDSA\"],\"kid\":\"ed\"}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}x",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":[\"exp\"]}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"b64\":false}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":\"at+x\"}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"ed\\u0000\"}",
                                          "{\"alg\":\"EdDSA\",\"kid\":\"ED\"}",
                                          "{\"alg\":\"EdDSA\",\"jwk\":{\"kty\":\"OKP\"}}",
                                          "{\"alg\":\"EdDSA\",\"jku\":\"http://127.0.0.1:1/jwks.json\"}"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        refuse(world, headers[i], issuer_sign(world->issuer.keys[ISSUER_ED25519], headers[i], body));
    free(body);
}

// HMAC with the public key as its secret, in each form in which somebody may have it.
static void test_public_key_as_secret(void **state)
{
    world_t *world = *state;
    static const char *const kids[ISSUER_KEYS] = {"ed", "ec", "rsa"};
    char *body = claims(world, "");
    for (int key = 0; key < ISSUER_KEYS; key++) {
        char *header = text("{\"alg\":\"HS256\",\"kid\":\"%s\"}", kids[key]), *jwk = issuer_jwk(world->issuer.keys[key], kids[key], "");
        unsigned char *der = NULL;
        const int der_size = i2d_PUBKEY(world->issuer.keys[key], &der);
        assert_true(der_size > 0);
        char *encoded = issuer_base64url(der, (size_t)der_size);
        refuse(world, "HMAC by the JWK", issuer_hmac(jwk, strlen(jwk), header, body));
        refuse(world, "HMAC by the DER", issuer_hmac((const char *)der, (size_t)der_size, header, body));
        refuse(world, "HMAC by its base64url", issuer_hmac(encoded, strlen(encoded), header, body));
        refuse(world, "HMAC by nothing", issuer_hmac("", 0, header, body));
        free(encoded);
        OPENSSL_free(der);
        free(jwk);
        free(header);
    }
    free(body);
}

static void test_claims(void **state)
{
    world_t *world = *state;
    static const char *const whole[] = {
        "{}",
        "[]",
        "null",
        "\"s\"",
        "",
        "{",
        "{\"sub\":\"s\"}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\"}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"other\",\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":[\"other\"],\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":[],\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":{\"pcn\":1},\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"PCN\",\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\\u0000\",\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:other\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development/\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":[\"urn:pcn:development\"],\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":4000000000}",
        "{\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":7,\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"a\\nb\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":0}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":-4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1e99}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1e999}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":99999999999999999999}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":\"4000000000\"}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":null}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":true}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":[4000000000]}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":NaN}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":1,\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:other\",\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":4000000000,\"sub\":\"t\"}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":4000000000}{}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"\xff\",\"exp\":4000000000}",
        "{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":4000000000,}",
        "{'iss':'urn:pcn:development','aud':'pcn','sub':'s','exp':4000000000}",
    };
    static const char *const rests[] = {",\"nbf\":4000000000",
                                        ",\"iat\":4000000000",
                                        ",\"nbf\":\"0\"",
                                        ",\"nbf\":-1",
                                        ",\"iat\":1e99",
                                        ",\"roles\":\"system-manager\"",
                                        ",\"scope\":[\"registry.any\"]",
                                        ",\"org\":[\"../x\"]",
                                        ",\"aud\":\"pcn\"",
                                        ",\"iss\":\"urn:pcn:development\""};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        refuse_signed(world, ED, whole[i]);
    for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
        // "roles" and "org" are there already: a doubled claim is refused whatever it says.
        char *body = claims(world, rests[i]);
        refuse_signed(world, ED, body);
        free(body);
    }
    // Just over, beyond the leeway.
    char *over = text("{\"iss\":\"urn:pcn:development\",\"aud\":\"pcn\",\"sub\":\"s\",\"exp\":%lld}", world->now_s - 40);
    refuse_signed(world, ED, over);
    free(over);
}

static void test_signatures(void **state)
{
    world_t *world = *state;
    char *body = claims(world, "");
    refuse(world, "another key", issuer_sign(world->issuer.keys[ISSUER_RSA], ED, body));
    refuse(world, "another key", issuer_sign(world->issuer.keys[ISSUER_ED25519], "{\"alg\":\"ES256\",\"kid\":\"ec\"}", body));
    // The issuer's own token, cut and bent.
    const char *good = world->rig->manager;
    const size_t size = strlen(good);
    for (size_t cut = 1; cut < size; cut += 13)
        refuse(world, "truncated", text("%.*s", (int)(size - cut), good));
    for (size_t at = 0; at < size; at += 17) {
        char *bent = text("%s", good);
        bent[at] = bent[at] == 'A' ? 'B' : bent[at] == '.' ? '-' : 'A';
        if (strcmp(bent, good) != 0)
            refuse(world, "bent", bent);
        else
            free(bent);
    }
    static const char *const ends[] = {".", "=", "==", "AAAA", ".AAAA", "%00", "\"", "/"};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        refuse(world, "longer", text("%s%s", good, ends[i]));
    static const char *const shapes[] = {"x", ".", "..", "...", "a.b", "a.b.c", "a.b.c.d", "e30.e30.e30", "-", "=.=.=", "null"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        refuse(world, shapes[i], text("%s", shapes[i]));
    free(body);
}

static void test_huge(void **state)
{
    world_t *world = *state;
    static const size_t sizes[] = {8193, 10000, 11500};
    char *filler = calloc(1, 65536);
    assert_non_null(filler);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        memset(filler, 'a', sizes[i]);
        filler[sizes[i]] = '\0';
        refuse(world, "huge", text("%s", filler));
        char *rest = text(",\"x\":\"%.*s\"", (int)(sizes[i] * 3 / 4), filler), *body = claims(world, rest);
        if (strlen(body) * 4 / 3 > 8192 && strlen(body) * 4 / 3 < 11800)
            refuse_signed(world, ED, body);
        free(body);
        free(rest);
    }
    // Beyond what headers may have the edge does not ask the gateway.
    memset(filler, 'a', 40000);
    char *lines = text("Authorization: Bearer %s\r\n", filler), *shown;
    const int status = ask(world, RAW_EDGE, lines, &shown);
    assert_true(status == 431 || status == 400);
    free(shown);
    free(lines);
    free(filler);
}

static void test_nothing_of_it_is_logged(void **state)
{
    world_t *world = *state;
    print_message("%u refused\n", world->refused);
    vitals_check_logs(world->rig, (const char *const[]){world->rig->manager, "eyJ", "Bearer", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_ones),  cmocka_unit_test(test_other_headers),
        cmocka_unit_test(test_algorithms), cmocka_unit_test(test_public_key_as_secret),
        cmocka_unit_test(test_claims),     cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_huge),       cmocka_unit_test(test_nothing_of_it_is_logged),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
