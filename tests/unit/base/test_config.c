#include "support.h"

#include <unistd.h>

#include "common/base/config.h"

typedef struct values {
    const char *url;
    const char *name;
    const char *unset;
    int64_t count;
    int64_t timeout_ms;
    int64_t any;
    bool flag;
} values_t;

static const config_key_t common[] = {
    {"LOG_NAME", CONFIG_STRING, CONFIG_COMMON, offsetof(values_t, name), "plain", 0, 0, "a common text"},
    {"TIMEOUT", CONFIG_DURATION, CONFIG_COMMON, offsetof(values_t, timeout_ms), "5s", 10, 3600000, "a common duration"},
    {0},
};
static const config_key_t own[] = {
    {"DATABASE_URL", CONFIG_STRING, CONFIG_SECRET | CONFIG_COMMON | CONFIG_REQUIRED, offsetof(values_t, url), NULL, 0, 0, "the database"},
    {"UNSET", CONFIG_STRING, 0, offsetof(values_t, unset), NULL, 0, 0, "a text without default"},
    {"COUNT", CONFIG_NUMBER, 0, offsetof(values_t, count), "3", 1, 9, "a number"},
    {"ANY", CONFIG_NUMBER, 0, offsetof(values_t, any), NULL, 0, 0, "a number without bounds"},
    {"FLAG", CONFIG_FLAG, 0, offsetof(values_t, flag), NULL, 0, 0, "a flag"},
    {0},
};
static const config_key_t *const tables[] = {common, own, NULL};
static const char *const others[] = {"gateway", "work-force", NULL};
static const char *const tolerated[] = {"PCN_HTTP_PORT", NULL};
static const config_spec_t spec = {.daemon = "registry", .keys = tables, .others = others, .tolerated = tolerated};

#define ENVIRONMENT(...) ((const char *const[]){"PATH=/bin", "XPCN_Y=1", __VA_ARGS__, NULL})

static values_t values;
static config_t *config;
static problem_t problem;

static void assert_loads(const char *const *environment)
{
    config_destroy(&config);
    problem = (problem_t){0};
    memset(&values, 0xAA, sizeof values);
    if (config_load(&spec, environment, &values, &config, &problem) != STATUS_OK) {
        fail_msg("%s: %s", problem.field, problem.detail);
    }
}

static void assert_refuses(const char *const *environment, const char *field)
{
    config_t *none = (config_t *)&values;
    problem = (problem_t){0};
    assert_int_equal(config_load(&spec, environment, &values, &none, &problem), STATUS_INVALID_ARGUMENT);
    assert_null(none);
    assert_string_equal(problem.field, field);
    assert_true(problem.detail[0] != '\0');
}

static void defaults_fill_what_is_not_given(void **state)
{
    (void)state;
    assert_loads(ENVIRONMENT("PCN_REGISTRY_DATABASE_URL=postgres://x"));
    assert_string_equal(values.url, "postgres://x");
    assert_string_equal(values.name, "plain");
    assert_null(values.unset);
    assert_int_equal(values.count, 3);
    assert_int_equal(values.timeout_ms, 5000);
    assert_int_equal(values.any, 0);
    assert_false(values.flag);
}

static void the_daemons_own_name_comes_first(void **state)
{
    (void)state;
    assert_loads(ENVIRONMENT("PCN_LOG_NAME=all", "PCN_DATABASE_URL=u", "PCN_REGISTRY_TIMEOUT=250ms", "PCN_TIMEOUT=1h"));
    assert_string_equal(values.name, "all");
    assert_string_equal(values.url, "u");
    assert_int_equal(values.timeout_ms, 250);
    assert_loads(ENVIRONMENT("PCN_REGISTRY_LOG_NAME=mine", "PCN_LOG_NAME=all", "PCN_DATABASE_URL=u"));
    assert_string_equal(values.name, "mine");
    // Given and empty is given.
    assert_loads(ENVIRONMENT("PCN_REGISTRY_LOG_NAME=", "PCN_LOG_NAME=all", "PCN_DATABASE_URL=u"));
    assert_string_equal(values.name, "");
}

static void values_are_parsed(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t ms;
    } durations[] = {{"PCN_TIMEOUT=10ms", 10}, {"PCN_TIMEOUT=7s", 7000}, {"PCN_TIMEOUT=10m", 600000}, {"PCN_TIMEOUT=1h", 3600000}};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        assert_loads(ENVIRONMENT("PCN_DATABASE_URL=u", durations[i].text));
        assert_int_equal(values.timeout_ms, durations[i].ms);
    }
    assert_loads(ENVIRONMENT("PCN_DATABASE_URL=a=b", "PCN_REGISTRY_FLAG=true", "PCN_REGISTRY_COUNT=9", "PCN_REGISTRY_ANY=-12"));
    assert_true(values.flag);
    assert_int_equal(values.count, 9);
    assert_int_equal(values.any, -12);
    assert_string_equal(values.url, "a=b");
}

static void malformed_values_name_the_variable(void **state)
{
    (void)state;
    const struct {
        const char *entry, *field;
    } bad[] = {
        {"PCN_REGISTRY_COUNT=", "PCN_REGISTRY_COUNT"},
        {"PCN_REGISTRY_COUNT=x", "PCN_REGISTRY_COUNT"},
        {"PCN_REGISTRY_COUNT=3x", "PCN_REGISTRY_COUNT"},
        {"PCN_REGISTRY_COUNT= 3", "PCN_REGISTRY_COUNT"},
        {"PCN_REGISTRY_COUNT=+3", "PCN_REGISTRY_COUNT"},
        {"PCN_REGISTRY_COUNT=0", "PCN_REGISTRY_COUNT"},
        {"PCN_REGISTRY_COUNT=10", "PCN_REGISTRY_COUNT"},
        {"PCN_REGISTRY_ANY=99999999999999999999", "PCN_REGISTRY_ANY"},
        {"PCN_REGISTRY_ANY=-", "PCN_REGISTRY_ANY"},
        {"PCN_REGISTRY_FLAG=yes", "PCN_REGISTRY_FLAG"},
        {"PCN_REGISTRY_FLAG=TRUE", "PCN_REGISTRY_FLAG"},
        {"PCN_TIMEOUT=5", "PCN_TIMEOUT"},
        {"PCN_TIMEOUT=s", "PCN_TIMEOUT"},
        {"PCN_TIMEOUT=5 s", "PCN_TIMEOUT"},
        {"PCN_TIMEOUT=5d", "PCN_TIMEOUT"},
        {"PCN_TIMEOUT=9ms", "PCN_TIMEOUT"},
        {"PCN_TIMEOUT=2h", "PCN_TIMEOUT"},
        {"PCN_TIMEOUT=9223372036854775807h", "PCN_TIMEOUT"},
        {"PCN_REGISTRY_TIMEOUT=never", "PCN_REGISTRY_TIMEOUT"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refuses(ENVIRONMENT("PCN_DATABASE_URL=u", bad[i].entry), bad[i].field);
    }
}

static void unknown_variables_stop_the_start(void **state)
{
    (void)state;
    const struct {
        const char *entry, *field;
    } bad[] = {
        {"PCN_REGISTRY_TYPO=1", "PCN_REGISTRY_TYPO"},
        {"PCN_COUNT=3", "PCN_COUNT"}, // not common
        {"PCN_FINANCE_X=1", "PCN_FINANCE_X"},
        {"PCN_GATEWAYX=1", "PCN_GATEWAYX"},
        {"PCN_GATEWAY=1", "PCN_GATEWAY"},
        {"PCN_GATEWAY_=1", "PCN_GATEWAY_"},
        {"PCN_HTTP_PORTS=1", "PCN_HTTP_PORTS"},
        {"PCN_=1", "PCN_"},
        {"PCN_LOG_NAME_FILE=/x", "PCN_LOG_NAME_FILE"}, // no secret
        {"PCN_NOVALUE", "PCN_NOVALUE"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_refuses(ENVIRONMENT("PCN_DATABASE_URL=u", bad[i].entry), bad[i].field);
    }
    assert_loads(ENVIRONMENT("PCN_DATABASE_URL=u", "PCN_GATEWAY_ANYTHING=1", "PCN_WORK_FORCE_X=1", "PCN_HTTP_PORT=8080"));
}

static void what_is_required_must_be_there(void **state)
{
    (void)state;
    assert_refuses(ENVIRONMENT("A=b"), "PCN_DATABASE_URL");
    assert_refuses(ENVIRONMENT("PCN_DATABASE_URL="), "PCN_DATABASE_URL");
    assert_refuses(ENVIRONMENT("PCN_REGISTRY_DATABASE_URL="), "PCN_REGISTRY_DATABASE_URL");
}

// A file with that content; returns "VARIABLE=path", which stays until the next call.
static const char *file_entry(const char *variable, const void *content, size_t size)
{
    static char entry[128];
    static char path[64];
    if (path[0] != '\0') {
        unlink(path);
    }
    strcpy(path, "/tmp/pcn-test-config-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, size), size);
    close(fd);
    snprintf(entry, sizeof entry, "%s=%s", variable, path);
    return entry;
}

static void secrets_come_from_files(void **state)
{
    (void)state;
    const char *entry = file_entry("PCN_REGISTRY_DATABASE_URL_FILE", "from file\n", 10);
    assert_loads(ENVIRONMENT(entry));
    assert_string_equal(values.url, "from file");
    // Before the common one.
    assert_loads(ENVIRONMENT(entry, "PCN_DATABASE_URL=common"));
    assert_string_equal(values.url, "from file");
    assert_refuses(ENVIRONMENT(entry, "PCN_REGISTRY_DATABASE_URL=both"), "PCN_REGISTRY_DATABASE_URL_FILE");
    assert_loads(ENVIRONMENT(file_entry("PCN_DATABASE_URL_FILE", "two\n\n", 5)));
    assert_string_equal(values.url, "two\n");
    assert_loads(ENVIRONMENT(file_entry("PCN_DATABASE_URL_FILE", "bare", 4)));
    assert_string_equal(values.url, "bare");
    assert_refuses(ENVIRONMENT(file_entry("PCN_DATABASE_URL_FILE", "", 0)), "PCN_DATABASE_URL_FILE");
    assert_refuses(ENVIRONMENT(file_entry("PCN_DATABASE_URL_FILE", "a\0b", 3)), "PCN_DATABASE_URL_FILE");
    static char large[64 * 1024 + 1];
    memset(large, 'x', sizeof large);
    assert_loads(ENVIRONMENT(file_entry("PCN_DATABASE_URL_FILE", large, sizeof large - 1)));
    assert_int_equal(strlen(values.url), sizeof large - 1);
    assert_refuses(ENVIRONMENT(file_entry("PCN_DATABASE_URL_FILE", large, sizeof large)), "PCN_DATABASE_URL_FILE");
    assert_refuses(ENVIRONMENT("PCN_DATABASE_URL_FILE=/nowhere/at/all"), "PCN_DATABASE_URL_FILE");
    assert_null(strstr(problem.detail, "nowhere"));
    assert_refuses(ENVIRONMENT("PCN_DATABASE_URL_FILE=/"), "PCN_DATABASE_URL_FILE");
    unlink(strchr(file_entry("X", "", 0), '=') + 1);
}

static char *print(void (*to)(FILE *))
{
    static char text[8192];
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    to(out);
    fclose(out);
    return text;
}

static void print_values(FILE *out)
{
    config_print(&spec, &values, out);
}
static void print_help(FILE *out)
{
    config_print_help(&spec, out);
}

static void secrets_are_not_printed(void **state)
{
    (void)state;
    assert_loads(ENVIRONMENT("PCN_DATABASE_URL=hush", "PCN_LOG_NAME=two\nlines", "PCN_REGISTRY_FLAG=true", "PCN_TIMEOUT=1500ms"));
    assert_string_equal(print(print_values), "PCN_LOG_NAME=two?lines\n"
                                             "PCN_TIMEOUT=1500ms\n"
                                             "PCN_DATABASE_URL=***\n"
                                             "PCN_REGISTRY_UNSET=\n"
                                             "PCN_REGISTRY_COUNT=3\n"
                                             "PCN_REGISTRY_ANY=0\n"
                                             "PCN_REGISTRY_FLAG=true\n");
    const char *const durations[] = {"PCN_TIMEOUT=10ms", "PCN_TIMEOUT=90s", "PCN_TIMEOUT=2m", "PCN_TIMEOUT=1h"};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        assert_loads(ENVIRONMENT("PCN_DATABASE_URL=hush", durations[i]));
        assert_non_null(strstr(print(print_values), durations[i]));
    }
}

static void help_lists_every_key(void **state)
{
    (void)state;
    const char *help = print(print_help);
    const char *const parts[] = {"PCN_LOG_NAME=<text> (default plain)\n      a common text\n", "PCN_TIMEOUT=<duration> (default 5s)",
                                 "PCN_DATABASE_URL=<text> (required)\n      the database\n      Secret; or PCN_DATABASE_URL_FILE names",
                                 "PCN_REGISTRY_COUNT=<number> (default 3)", "PCN_REGISTRY_FLAG=<true|false>\n"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_non_null(strstr(help, parts[i]));
    }
}

static int close_config(void **state)
{
    (void)state;
    config_destroy(&config);
    config_destroy(&config);
    return config == NULL ? 0 : 1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_fill_what_is_not_given),
        cmocka_unit_test(the_daemons_own_name_comes_first),
        cmocka_unit_test(values_are_parsed),
        cmocka_unit_test(malformed_values_name_the_variable),
        cmocka_unit_test(unknown_variables_stop_the_start),
        cmocka_unit_test(what_is_required_must_be_there),
        cmocka_unit_test(secrets_come_from_files),
        cmocka_unit_test(secrets_are_not_printed),
        cmocka_unit_test(help_lists_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, close_config);
}
