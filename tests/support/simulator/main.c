// pcn-simulator: a demonstration for an instance that runs, made over the calls that anybody has. For development only: its callers sign in
// with the instance's development issuer.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/support/simulator/demonstration.h"

enum { DIR_SIZE = 256, SEED = 2019 };

static const char usage[] =
    "usage: pcn-simulator --state DIR [--url URL] [--seed N] [--today DATE]\n"
    "\n"
    "  --state DIR    the instance's folder, with its issuer; speaks to its gateway's socket unless an URL is given\n"
    "  --url URL      address of the platform\n"
    "  --seed N       the same seed makes the same demonstration (default 2019)\n"
    "  --today DATE   the day from which on there are slots (default: today in London)\n";

typedef struct settings {
    const char *state, *url;
    uint64_t seed;
    int32_t today;
} settings_t;

static bool read_settings(int argc, char **argv, settings_t *settings)
{
    static const struct option options[] = {{"state", required_argument, NULL, 's'},
                                            {"url", required_argument, NULL, 'u'},
                                            {"seed", required_argument, NULL, 'n'},
                                            {"today", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    char *end = NULL;
    *settings = (settings_t){.seed = SEED, .today = date_of_instant(clock_wall_us())};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 's':
            settings->state = optarg;
            break;
        case 'u':
            settings->url = optarg;
            break;
        case 'n':
            settings->seed = strtoull(optarg, &end, 10);
            if (*optarg == '\0' || *end != '\0')
                return false;
            break;
        case 't':
            if (!date_parse(optarg, &settings->today))
                return false;
            break;
        default:
            return false;
        }
    }
    return optind == argc && settings->state != NULL;
}

static bool is_production(void)
{
    const char *environment = getenv("PCN_ENVIRONMENT");
    return environment != NULL && strcmp(environment, "production") == 0;
}

// Nothing where nothing was missing.
static void print_made(const demonstration_t *made)
{
    if (made->list_sizes + made->services + made->plans + made->more > 0)
        printf("%zu list sizes, %zu services, %zu plans, %zu further ones\n", made->list_sizes, made->services, made->plans, made->more);
}

static int run(const settings_t *settings)
{
    char socket[DIR_SIZE], issuer[DIR_SIZE];
    snprintf(socket, sizeof socket, "%s/run/gateway.http", settings->state);
    snprintf(issuer, sizeof issuer, "%s/issuer", settings->state);
    scene_t scene;
    demonstration_t demonstration = {.today = settings->today};
    const bool direct = settings->url == NULL;
    const bool good = scene_open(&scene, direct ? "http://localhost" : settings->url, direct ? socket : NULL, issuer, settings->seed) &&
                      scene_read(&scene) && demonstration_make(&demonstration, &scene);
    if (good)
        print_made(&demonstration);
    else
        fprintf(stderr, "pcn-simulator: %s\n", scene.problem);
    scene_clear(&scene);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    settings_t settings;
    if (is_production()) {
        fputs("pcn-simulator: not in production\n", stderr);
        return EXIT_FAILURE;
    }
    if (!read_settings(argc, argv, &settings)) {
        fputs(usage, stderr);
        return 2;
    }
    return run(&settings);
}
