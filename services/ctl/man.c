#include "services/ctl/man.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/app/version.h"
#include "services/ctl/flag.h"
#include "services/ctl/help.h"

enum { TEXT_CAP = 1024 * 1024 };

// A text as roff: what it would read as a request or an escape is neither, and hyphens are minus signs that can be copied.
static void add_escaped(buf_t *out, const char *text, bool line_begins)
{
    for (; *text != '\0'; text++) {
        if (line_begins && (*text == '.' || *text == '\''))
            buf_add_string(out, "\\&");
        line_begins = *text == '\n';
        if (*text == '\\')
            buf_add_string(out, "\\e");
        else if (*text == '-')
            buf_add_string(out, "\\-");
        else if (*text == '\'')
            buf_add_string(out, "\\(aq");
        else if (*text == '`')
            buf_add_string(out, "\\(ga");
        else
            buf_add_char(out, *text);
    }
}

static void add_paragraph(buf_t *out, const char *text)
{
    if (text[0] == '\0')
        return;
    add_escaped(out, text, true);
    buf_add_char(out, '\n');
}

static void add_section(buf_t *out, const char *name)
{
    buf_printf(out, ".SH %s\n", name);
}

// A text whose lines stand as they are.
static void add_verbatim(buf_t *out, const char *text)
{
    buf_add_string(out, ".nf\n");
    add_escaped(out, text, true);
    buf_add_string(out, out->size > 0 && out->data[out->size - 1] == '\n' ? ".fi\n" : "\n.fi\n");
}

static void add_item(buf_t *out, const char *name, const char *text)
{
    buf_add_string(out, ".TP\n.B ");
    add_escaped(out, name, false);
    buf_add_char(out, '\n');
    add_paragraph(out, text);
}

static void add_pairs(buf_t *out, const char *const *pairs)
{
    for (; pairs[0] != NULL; pairs += 2)
        add_item(out, pairs[0], pairs[1]);
}

// ---- calls ----

typedef struct calls_text {
    buf_t *out;
    const pb_method_t *method;
    const pb_service_t *last;
} calls_text_t;

static void add_flag(void *data, const flag_t *flag)
{
    calls_text_t *text = data;
    buf_t words;
    buf_init(&words, TEXT_CAP);
    const bool required = flag_required(text->method, flag) || flag_in_path(text->method, flag);
    help_flag(flag, &words);
    const size_t name = strcspn(words.data != NULL ? words.data : "", " ");
    char bold[CONTRACT_NAME_SIZE + 4];
    snprintf(bold, sizeof bold, "%.*s", (int)name, words.data != NULL ? words.data : "");
    buf_add_string(text->out, required ? "\\fB" : "[\\fB");
    add_escaped(text->out, bold, false);
    buf_add_string(text->out, "\\fP\\fI");
    if (words.size > name) {
        buf_add_string(text->out, "\\ ");
        add_escaped(text->out, words.data + name + 1, false);
    }
    buf_add_string(text->out, flag_repeats(flag) ? "\\fP…" : "\\fP");
    buf_add_string(text->out, required ? "\n" : "]\n");
    buf_deinit(&words);
}

static void add_call(void *data, const pb_service_t *service, const pb_method_t *method)
{
    calls_text_t *text = data;
    char group[CONTRACT_NAME_SIZE], name[CONTRACT_NAME_SIZE];
    buf_t comment;
    buf_init(&comment, TEXT_CAP);
    contract_group(method->name, group);
    contract_kebab(method->short_name, name);
    if (text->last != service) {
        buf_printf(text->out, ".SS pcnctl %s\n", group);
        add_paragraph(text->out, service->comment != NULL ? service->comment : "");
    }
    text->last = service;
    text->method = method;
    buf_add_string(text->out, ".TP\n.B ");
    add_escaped(text->out, name, false);
    buf_add_char(text->out, '\n');
    flag_walk(method, add_flag, text);
    buf_add_string(text->out, method->upload != NULL ? "\\fB\\-\\-file\\fP\\ \\fIFILE\\fP…\n" : "");
    buf_add_string(text->out, method->flags & PB_DOWNLOAD ? "[\\fB\\-\\-output\\fP\\ \\fIFILE\\fP]\n" : "");
    buf_add_string(text->out, method->flags & PB_PATCHES
                                  ? "\\fB\\-\\-if\\-match\\fP\\ \\fIVERSION\\fP\n[\\fB\\-\\-clear\\fP\\ \\fIFIELD\\fP…]\n"
                                  : "");
    contract_comment(method->comment != NULL ? method->comment : "", &comment);
    if (comment.size > 0) {
        buf_add_string(text->out, ".br\n");
        add_paragraph(text->out, comment.data);
    }
    buf_deinit(&comment);
}

static void add_commands(buf_t *out)
{
    for (const command_t *command = command_list(); command->name != NULL; command++) {
        buf_printf(out, ".SS ");
        add_escaped(out, command->name, false);
        buf_add_char(out, '\n');
        add_paragraph(out, command->summary);
        buf_add_string(out, ".PP\n");
        add_verbatim(out, command->usage);
    }
}

void man_write(buf_t *out)
{
    calls_text_t calls = {.out = out};
    buf_printf(out, ".TH PCNCTL 1 \"\" \"pcn %s\" \"PCN operator\\(aqs manual\"\n", PCN_VERSION);
    buf_add_string(out, ".nh\n.ad l\n");
    add_section(out, "NAME");
    buf_add_string(out, "pcnctl \\- command line of the PCN platform\n");
    add_section(out, "SYNOPSIS");
    buf_add_string(
        out,
        ".B pcnctl\n.I command\n.RI [ argument \\ .\\|.\\|.]\n.br\n.B pcnctl\n.I service call\n.RI [ \\-\\-flag\\ value \\ .\\|.\\|.]\n"
        ".br\n.B pcnctl\n.I service call\n.B \\-\\-help\n");
    add_section(out, "DESCRIPTION");
    add_paragraph(
        out, "Every call of every service of the platform is a subcommand, and every field of its request a flag. They go over HTTP, as "
             "anybody's requests do: with a token, under its scopes and within its reach. Besides there are commands for what takes more "
             "than one call, and for what an operator does on the platform's own machine.");
    buf_add_string(out, ".PP\n");
    add_paragraph(out,
                  "An answer is a table on a terminal, and JSON elsewhere, as the platform sent it. Problems are told in plain words on "
                  "standard error, with the flag that is to blame.");
    add_section(out, "VALUES");
    add_paragraph(
        out, "A list is given by repeating its flag. Fields of a message within the request are dotted flags (--identifiers.system); a "
             "message may also be given whole, as JSON. Of a list of messages a new item begins where a field is given again: "
             "--into.code a --into.name A --into.code b --into.name B. A flag that is true or false stands alone for true, or is "
             "written --never=false. Names of choices are those of the JSON.");
    add_section(out, "OPTIONS OF EVERY CALL");
    add_pairs(out, help_options);
    add_section(out, "CALLS");
    contract_walk(NULL, add_call, &calls);
    add_section(out, "COMMANDS");
    add_commands(out);
    add_section(out, "ENVIRONMENT");
    add_pairs(out, help_environment);
    add_section(out, "FILES");
    add_item(out, "$XDG_CONFIG_HOME/pcn/contexts.json, ~/.config/pcn/contexts.json", "the contexts; only its owner may read it");
    add_section(out, "EXIT STATUS");
    for (const char *const *line = help_exit_codes; *line != NULL; line++) {
        buf_printf(out, ".TP\n.B %c\n", (*line)[0]);
        add_paragraph(out, *line + 3);
    }
    add_section(out, "EXAMPLES");
    add_verbatim(out, "pcnctl context add home --url http://127.0.0.1:8080 --token-file /etc/pcn/token\n"
                      "pcnctl registry list-organisations --kind network --all\n"
                      "pcnctl registry update-organisation --code pcn-rutland --if-match 3 --name 'Rutland Health' --clear notes\n"
                      "pcnctl events follow --service registry --resume registry.place --json\n");
    add_section(out, "SEE ALSO");
    buf_add_string(out, ".BR pcn_subscribe (3),\n.BR jq (1)\n");
}
