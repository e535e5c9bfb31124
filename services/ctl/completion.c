// The completion command: a script for bash with every command, call and flag in it.
#include <stdio.h>
#include <string.h>

#include "services/ctl/command.h"
#include "services/ctl/flag.h"

typedef struct words {
    const pb_method_t *method;
    bool ok;
} words_t;

static void say(words_t *words, const char *format, const char *text)
{
    words->ok = words->ok && printf(format, text) >= 0;
}

static void say_flag(void *data, const flag_t *flag)
{
    say(data, " --%s", flag->name);
}

static void say_call(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)service;
    char group[CONTRACT_NAME_SIZE], name[CONTRACT_NAME_SIZE];
    contract_group(method->name, group);
    contract_kebab(method->short_name, name);
    say(data, "        '%s", group);
    say(data, " %s') words='", name);
    for (size_t i = 0; flag_reserved[i] != NULL; i++)
        say(data, " --%s", flag_reserved[i]);
    flag_walk(method, say_flag, data);
    say(data, "%s", "' ;;\n");
}

static void say_call_name(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)service;
    char name[CONTRACT_NAME_SIZE];
    contract_kebab(method->short_name, name);
    say(data, " %s", name);
}

// A group each once, with its calls; those that are commands too have these' words besides.
static void say_groups(words_t *words)
{
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++) {
        char name[CONTRACT_NAME_SIZE], before[CONTRACT_NAME_SIZE];
        bool told = false;
        contract_group((*service)->name, name);
        for (const pb_service_t *const *other = pcn_services; other != service; other++) {
            contract_group((*other)->name, before);
            told |= strcmp(before, name) == 0;
        }
        if (told || !contract_group_known(name))
            continue;
        say(words, "        '%s ') words='", name);
        contract_walk(name, say_call_name, words);
        if (strcmp(name, "audit") == 0)
            say(words, "%s", " list verify");
        else if (strcmp(name, "events") == 0)
            say(words, "%s", " follow");
        say(words, "%s", "' ;;\n");
    }
}

int completion_command(const command_t *command, int argc, char **argv)
{
    words_t words = {.ok = true};
    if (argc != 2 || strcmp(argv[1], "bash") != 0)
        return command_usage_error(command, "bash is the one shell that is known");
    say(&words, "%s",
        "# Made by `pcnctl completion bash`.\n_pcnctl() {\n    local words first=${COMP_WORDS[1]} second=${COMP_WORDS[2]}\n"
        "    [ \"$COMP_CWORD\" -gt 1 ] || first=\n    [ \"$COMP_CWORD\" -gt 2 ] || second=\n    case \"$first $second\" in\n"
        "        ' ') words='help");
    for (const command_t *row = command_list(); row->name != NULL; row++)
        say(&words, " %s", row->name);
    for (const char *const *service = pcn_service_names; *service != NULL; service++)
        say(&words, " %s", *service);
    say(&words, "%s", "' ;;\n");
    say_groups(&words);
    contract_walk(NULL, say_call, &words);
    say(&words, "%s",
        "        'context ') words='add use list remove' ;;\n        'keys ') words='add revoke list ensure' ;;\n"
        "        'dead-letter ') words='list skip retry' ;;\n        'issuer ') words='init' ;;\n"
        "        *) COMPREPLY=($(compgen -f -- \"$2\")); return ;;\n    esac\n"
        "    COMPREPLY=($(compgen -W \"$words\" -- \"$2\"))\n}\ncomplete -o default -F _pcnctl pcnctl\n");
    return words.ok ? COMMAND_OK : COMMAND_FAILED;
}
