#include "common/app/options.h"

#include <stdio.h>
#include <string.h>

#include "common/app/version.h"

options_t options_take(int argc, char **argv)
{
    options_t options = {.argv = argv};
    if (argc == 0) {
        return options;
    }
    options.argv = argv + 1;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            options.help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            options.version = true;
        } else if (strcmp(argv[i], "--print-config") == 0) {
            options.print_config = true;
        } else {
            options.argv[options.argc++] = argv[i];
        }
    }
    return options;
}

void options_print_help(const app_spec_t *app, const config_spec_t *config)
{
    printf("usage: pcn-%s [option…]\n\n"
           "  --help           this text\n"
           "  --version        name and version\n"
           "  --print-config   the configuration that counts, secrets as ***, and end\n",
           app->name);
    if (app->usage != NULL) {
        fputs(app->usage, stdout);
    }
    fputs("\nConfiguration, from the environment. What all daemons have may be set for one: PCN_<DAEMON>_KEY comes before PCN_KEY.\n\n",
          stdout);
    config_print_help(config, stdout);
}

void options_print_version(const app_spec_t *app)
{
    printf("pcn-%s %s\n", app->name, PCN_VERSION);
}
