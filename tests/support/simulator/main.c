// pcn-simulator: a demonstration for an instance that runs, and a day of booking on it, over the calls that anybody has. For development
// only: its callers sign in with the instance's development issuer.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/support/mix_booking.h"
#include "tests/support/simulator/demonstration_people.h"

enum { DIR_SIZE = 256, SEED = 2019, CLIENTS = 32, DAYS = 7, FIRST_PERSON = 100, LIMIT_MS = 24 * 3600 * 1000, CHECKED = 200 };

static const char usage[] =
    "usage: pcn-simulator [day] --state DIR [--url URL] [--seed N] [--today DATE] [--acts N] [--speed X] [--journal FILE]\n"
    "\n"
    "Without `day`: makes what is missing of the demonstration.\n"
    "\n"
    "  --state DIR      the instance's folder, with its issuer; speaks to its gateway's socket unless an URL is given\n"
    "  --url URL        address of the platform\n"
    "  --seed N         the same seed makes the same demonstration, and the same day of it (default 2019)\n"
    "  --today DATE     the day from which on there are slots (default: today in London)\n"
    "  --acts N         how many acts a day has (default 2000)\n"
    "  --speed X        seconds of the day in a second (default 0: as fast as it is answered)\n"
    "  --journal FILE   each request and each answer, made anew\n";

typedef struct settings {
    bool day;
    const char *state, *url, *journal;
    uint64_t seed;
    int32_t today;
    size_t acts;
    double speed;
} settings_t;

static bool read_number(const char *text, double *number)
{
    char *end = NULL;
    *number = strtod(text, &end);
    return *text != '\0' && *end == '\0' && *number >= 0 && *number < 1e15;
}

static bool read_setting(settings_t *settings, int option, const char *value)
{
    double number = 0;
    switch (option) {
    case 's':
        settings->state = value;
        return true;
    case 'u':
        settings->url = value;
        return true;
    case 'j':
        settings->journal = value;
        return true;
    case 't':
        return date_parse(value, &settings->today);
    case 'n':
        if (!read_number(value, &number))
            return false;
        settings->seed = (uint64_t)number;
        return true;
    case 'a':
        if (!read_number(value, &number) || number < 1 || number > 1e7)
            return false;
        settings->acts = (size_t)number;
        return true;
    case 'x':
        return read_number(value, &settings->speed);
    default:
        return false;
    }
}

static bool read_settings(int argc, char **argv, settings_t *settings)
{
    static const struct option options[] = {{"state", required_argument, NULL, 's'},   {"url", required_argument, NULL, 'u'},
                                            {"seed", required_argument, NULL, 'n'},    {"today", required_argument, NULL, 't'},
                                            {"acts", required_argument, NULL, 'a'},    {"speed", required_argument, NULL, 'x'},
                                            {"journal", required_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    *settings = (settings_t){.seed = SEED, .today = date_of_instant(clock_wall_us()), .acts = 2000};
    if (argc > 1 && strcmp(argv[1], "day") == 0) {
        settings->day = true;
        argc--;
        argv++;
    }
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (!read_setting(settings, option, optarg))
            return false;
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
    if (made->list_sizes + made->services + made->plans + made->more + made->patients + made->appointments > 0)
        printf("%zu list sizes, %zu services, %zu plans, %zu further ones, %zu patients, %zu appointments\n", made->list_sizes,
               made->services, made->plans, made->more, made->patients, made->appointments);
}

static bool run_load(scene_t *scene, const settings_t *settings, mix_booking_t *mix)
{
    const uint64_t run = (uint64_t)clock_wall_us();
    journal_t *journal = journal_new(settings->journal, run);
    const load_options_t options = {.journal = journal,
                                    .url = scene->url,
                                    .socket = scene->socket,
                                    .token = scene->manager,
                                    .clients = CLIENTS,
                                    .seed = settings->seed ^ run,
                                    .requests_max = settings->acts,
                                    .operations = mix_booking_day,
                                    .world = mix};
    load_t *load = journal != NULL ? load_start(&options) : NULL;
    if (load == NULL) {
        journal_destroy(&journal);
        return scene_fail(scene, "the journal cannot be written, or there is no memory");
    }
    const load_counts_t counts = load_finish(&load, LIMIT_MS);
    const double seconds = (double)((uint64_t)clock_wall_us() - run) / 1e6;
    journal_destroy(&journal);
    printf("%zu requests in %.1f s: %zu changes acknowledged, %zu refused, %zu unanswered, %zu wrong\n", counts.requests, seconds,
           counts.acknowledged, counts.refused, counts.unanswered, counts.stale);
    for (day_kind_t kind = 0; kind < DAY_KINDS; kind++)
        printf("  %-18s%zu\n", day_kind_name(kind), mix_booking_count(mix, kind));
    if (counts.stale > 0 || counts.unanswered > 0)
        return scene_fail(scene, "%zu requests were not answered, %zu wrongly: %s", counts.unanswered, counts.stale,
                          mix_booking_first_wrong(mix));
    return true;
}

static bool run_day(scene_t *scene, const settings_t *settings)
{
    char finding[SCENE_PROBLEM_SIZE / 2];
    const mix_booking_options_t options = {.scene = scene,
                                           .seed = settings->seed,
                                           .first_person = FIRST_PERSON,
                                           .first_day = settings->today,
                                           .days = DAYS,
                                           .acts = settings->acts,
                                           .speed = settings->speed};
    mix_booking_t *mix = mix_booking_new(&options);
    if (mix == NULL)
        return scene_fail(scene, "no memory");
    bool good = run_load(scene, settings, mix);
    if (good && mix_booking_check(mix, CHECKED, finding, sizeof finding) > 0)
        good = scene_fail(scene, "not as it was acknowledged: %s", finding);
    mix_booking_destroy(&mix);
    return good;
}

static int run(const settings_t *settings)
{
    char socket[DIR_SIZE], issuer[DIR_SIZE];
    snprintf(socket, sizeof socket, "%s/run/gateway.http", settings->state);
    snprintf(issuer, sizeof issuer, "%s/issuer", settings->state);
    scene_t scene;
    demonstration_t demonstration = {.today = settings->today};
    const bool direct = settings->url == NULL;
    bool good = scene_open(&scene, direct ? "http://localhost" : settings->url, direct ? socket : NULL, issuer,
                           settings->day ? SEED : settings->seed) &&
                scene_read(&scene) && demonstration_make(&demonstration, &scene);
    if (good)
        good = settings->day ? run_day(&scene, settings) : demonstration_people(&demonstration, &scene);
    if (good && !settings->day)
        print_made(&demonstration);
    if (!good)
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
