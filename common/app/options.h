// What every daemon's command line understands.
#ifndef PCN_APP_OPTIONS_H
#define PCN_APP_OPTIONS_H

#include "common/app/app.h"

typedef struct options {
    bool help;
    bool version;
    bool print_config;
    // What is left is the daemon's own: `argv` points behind the program's name.
    int argc;
    char **argv;
} options_t;

// Takes the frame's options out of main's arguments.
options_t options_take(int argc, char **argv);
void options_print_help(const app_spec_t *app, const config_spec_t *config);
void options_print_version(const app_spec_t *app);

#endif
