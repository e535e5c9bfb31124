#include "services/ctl/help.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "services/ctl/call.h"
#include "services/ctl/example.h"
#include "services/ctl/text.h"

enum {
    WIDTH_LEAST = 60,
    WIDTH_DEFAULT = 100,
    WIDTH_MOST = 120,
    NAME_COLUMN = 30,
    OVERVIEW_COLUMN = 15,
    NAMES_MAX = 40,
    TEXT_CAP = 1024 * 1024
};

const char *const help_exit_codes[] = {"0  done",
                                       "1  failed: anything else, and an audit trail with faults",
                                       "2  called wrongly: nothing was asked",
                                       "3  not found (HTTP 404)",
                                       "4  refused: the platform says why (other HTTP 4xx)",
                                       "5  unavailable: no answer, or too busy, until --patience was over (HTTP 429, 502 to 504)",
                                       NULL};

const char *const help_environment[] = {"PCN_URL",     "the platform's address, in place of the current context's",
                                        "PCN_TOKEN",   "the token; a --context with a token of its own comes before it",
                                        "PCN_CONTEXT", "the context, in place of the current one",
                                        "COLUMNS",     "width of tables where standard output is no terminal",
                                        NULL};

const char *const help_options[] = {
    "--json",
    "the answer as JSON, as it came; so it is anyway where standard output is no terminal",
    "--table",
    "a table, also where standard output is no terminal",
    "--columns NAME,NAME…",
    "of a list only these columns, in this order",
    "--all",
    "of a list all pages; with JSON a row a line",
    "--json-body FILE",
    "the whole body as JSON from a file, - for standard input; flags add to it",
    "--idempotency-key KEY",
    "of a change: repeated under the same key it takes place once; one is made up unless given",
    "--if-match VERSION",
    "of a change: only where the resource is at this version still",
    "--patience SECONDS",
    "how long a busy platform or a broken connection is tried again; 10 unless given",
    "--url URL",
    "the platform's address; else that of the context, or PCN_URL",
    "--token-file FILE",
    "a file that holds the token; else PCN_TOKEN, or the context's. --token TOKEN shows it to all users of the machine",
    "--context NAME",
    "one of `pcnctl context list`; else PCN_CONTEXT, or the current one",
    NULL};

static size_t help_width(void)
{
    struct winsize size = {0};
    if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < WIDTH_LEAST)
        return WIDTH_DEFAULT;
    return size.ws_col < WIDTH_MOST ? size.ws_col : WIDTH_MOST;
}

// "  name      text …" with the text in a column of its own; on the next line where the name is long.
static void add_item(buf_t *out, const char *name, const char *text, size_t column)
{
    const size_t width = text_width(name) + 2;
    buf_printf(out, "  %s", name);
    if (text[0] == '\0') {
        buf_add_char(out, '\n');
        return;
    }
    if (width + 2 > column) {
        buf_add_char(out, '\n');
        text_add_wrapped(out, text, column, 0, help_width());
        return;
    }
    buf_printf(out, "%*s", (int)(column - width), "");
    text_add_wrapped(out, text, column, column, help_width());
}

static void add_pairs(buf_t *out, const char *const *pairs, size_t column)
{
    for (; pairs[0] != NULL; pairs += 2)
        add_item(out, pairs[0], pairs[1], column);
}

static void method_names(const pb_method_t *method, char group[CONTRACT_NAME_SIZE], char name[CONTRACT_NAME_SIZE])
{
    contract_group(method->name, group);
    contract_kebab(method->short_name, name);
}

// ---- usage ----

typedef struct flags_text {
    const pb_method_t *method;
    buf_t *out;
    bool required; // which ones are wanted
    size_t count;
} flags_text_t;

void help_flag(const flag_t *flag, buf_t *out)
{
    buf_t value;
    buf_init(&value, TEXT_CAP);
    flag_value(flag, &value);
    buf_printf(out, "--%s", flag->name);
    if (value.size > 0)
        buf_printf(out, " %s", value.size > NAMES_MAX ? "NAME" : value.data);
    buf_deinit(&value);
}

static void add_to_usage(void *data, const flag_t *flag)
{
    flags_text_t *text = data;
    const bool required = flag_required(text->method, flag) || flag_in_path(text->method, flag);
    if (required != text->required)
        return;
    text->count++;
    buf_add_string(text->out, required ? " " : " [");
    help_flag(flag, text->out);
    buf_add_string(text->out, flag_repeats(flag) ? "…" : "");
    buf_add_string(text->out, required ? "" : "]");
}

void help_usage(const pb_method_t *method, buf_t *out)
{
    char group[CONTRACT_NAME_SIZE], name[CONTRACT_NAME_SIZE];
    buf_t line;
    buf_init(&line, TEXT_CAP);
    method_names(method, group, name);
    flags_text_t text = {.method = method, .out = &line, .required = true};
    buf_printf(&line, "pcnctl %s %s", group, name);
    flag_walk(method, add_to_usage, &text);
    buf_add_string(&line, method->upload != NULL ? " --file FILE…" : "");
    buf_add_string(&line, method->flags & PB_DOWNLOAD ? " [--output FILE]" : "");
    buf_add_string(&line, method->flags & PB_PATCHES ? " --if-match VERSION" : "");
    text.required = false;
    flag_walk(method, add_to_usage, &text);
    buf_add_string(&line, method->flags & PB_PATCHES ? " [--clear FIELD…]" : "");
    buf_add_string(&line, " [OPTION…]");
    buf_add_string(out, "usage: ");
    text_add_wrapped(out, line.data != NULL ? line.data : "", 7, 7, help_width());
    buf_deinit(&line);
}

// ---- examples ----

static void find_sensitive(void *data, const flag_t *flag)
{
    bool *found = data;
    *found = *found || (flag_field(flag)->flags & PB_SENSITIVE) != 0;
}

// Whether it sends what is nobody else's: a command line is seen by all who use the machine.
static bool is_private(const pb_method_t *method)
{
    bool sensitive = false;
    flag_walk(method, find_sensitive, &sensitive);
    return sensitive && method->body != NULL;
}

static void add_private_example(const pb_method_t *method, buf_t *out)
{
    if (!is_private(method))
        return;
    buf_add_string(out, "  ");
    example_stream(method, out);
    buf_add_char(out, '\n');
}

static void add_private_hint(const pb_method_t *method, buf_t *out)
{
    if (is_private(method))
        text_add_wrapped(
            out,
            "What it sends is about somebody: a command line is seen by everybody on the machine (`ps`) and kept by the shell, "
            "so send the body by standard input.",
            2, 0, help_width());
}

static void add_examples(const pb_method_t *method, buf_t *out)
{
    buf_t line;
    buf_init(&line, TEXT_CAP);
    example_call(method, &line);
    const char *example = line.data != NULL ? line.data : "";
    buf_add_string(out, "\nexamples:\n");
    add_private_example(method, out);
    buf_printf(out, "  %s\n", example);
    if (call_paging(method) != CALL_PAGING_NONE)
        buf_printf(out, "  %s --all --json | jq .\n", example);
    else if (!(method->flags & (PB_DOWNLOAD | PB_CHANGES)))
        buf_printf(out, "  %s --json | jq .\n", example);
    if (method->body != NULL) {
        buf_clear(&line);
        example_body(method, &line);
        buf_printf(out, "  %s\n", line.data != NULL ? line.data : "");
    }
    buf_deinit(&line);
}

// ---- one call ----

static void add_flag_item(void *data, const flag_t *flag)
{
    flags_text_t *text = data;
    const pb_field_t *field = flag_field(flag);
    buf_t name, meaning, value;
    buf_init(&name, TEXT_CAP);
    buf_init(&meaning, TEXT_CAP);
    buf_init(&value, TEXT_CAP);
    help_flag(flag, &name);
    flag_value(flag, &value);
    if (flag_required(text->method, flag) || flag_in_path(text->method, flag))
        buf_add_string(&meaning, "Needed. ");
    if (flag_repeats(flag))
        buf_add_string(&meaning, "May be given again. ");
    contract_comment(field->comment != NULL ? field->comment : "", &meaning);
    if (flag_descriptor(flag)->type == PROTOBUF_C_TYPE_BOOL)
        buf_printf(&meaning, "%s--%s=false says no.", meaning.size > 0 ? " " : "", flag->name);
    if (value.size > NAMES_MAX) {
        buf_add_string(&meaning, meaning.size > 0 ? " One of " : "One of ");
        flag_names(flag, ", ", &meaning);
    }
    add_item(text->out, name.data != NULL ? name.data : "", meaning.data != NULL ? meaning.data : "", NAME_COLUMN);
    text->count++;
    buf_deinit(&name);
    buf_deinit(&meaning);
    buf_deinit(&value);
}

// What it asks for, and what comes back.
static void add_route(const pb_method_t *method, buf_t *out)
{
    buf_t line;
    const char *dot = strrchr(method->reply->name, '.');
    buf_init(&line, TEXT_CAP);
    buf_printf(&line, "%s %s", method->verb, method->path);
    if (method->scope != NULL)
        buf_printf(&line, "; the token needs the scope %s", method->scope);
    if (!(method->flags & PB_DOWNLOAD))
        buf_printf(&line, "; the answer is %s", dot != NULL ? dot + 1 : method->reply->name);
    text_add_wrapped(out, line.data != NULL ? line.data : "", 2, 0, help_width());
    buf_deinit(&line);
}

// Where a command does the same with more comfort.
static void add_hint(const pb_method_t *method, buf_t *out)
{
    if (method->upload != NULL)
        buf_add_string(out, "  `pcnctl import DIR…` sends folders to the registry, and follows what becomes of them.\n");
    if (method->flags & PB_DOWNLOAD)
        buf_add_string(out, "  `pcnctl export DIR` unpacks the registry into a folder.\n");
}

void help_call(const pb_method_t *method, buf_t *out)
{
    buf_t comment;
    flags_text_t text = {.method = method, .out = out};
    buf_init(&comment, TEXT_CAP);
    help_usage(method, out);
    contract_comment(method->comment != NULL ? method->comment : "", &comment);
    buf_add_char(out, '\n');
    if (comment.size > 0)
        text_add_wrapped(out, comment.data, 2, 0, help_width());
    add_route(method, out);
    add_hint(method, out);
    add_private_hint(method, out);
    buf_deinit(&comment);
    buf_add_string(out, "\nflags:\n");
    flag_walk(method, add_flag_item, &text);
    if (method->flags & PB_PATCHES)
        add_item(out, "--clear FIELD", "May be given again. Takes the field away, named as its flag is.", NAME_COLUMN);
    if (method->upload != NULL)
        add_item(out, "--file FILE", "Needed. May be given again. What is sent.", NAME_COLUMN);
    if (method->flags & PB_DOWNLOAD)
        add_item(out, "--output FILE", "Where the answer is written; standard output unless given.", NAME_COLUMN);
    if (text.count == 0 && method->upload == NULL)
        buf_add_string(out, "  none\n");
    buf_add_string(out, "\noptions of every call:\n");
    add_pairs(out, help_options, NAME_COLUMN);
    add_examples(method, out);
}

// ---- a group, and all of it ----

typedef struct group_text {
    buf_t *out;
    const pb_method_t *first;
} group_text_t;

// What it cannot do without, and then what it does.
static void add_call_item(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)service;
    group_text_t *text = data;
    char name[CONTRACT_NAME_SIZE];
    buf_t summary;
    buf_init(&summary, TEXT_CAP);
    text->first = text->first != NULL ? text->first : method;
    contract_kebab(method->short_name, name);
    buf_printf(text->out, "  %s", name);
    flags_text_t flags = {.method = method, .out = text->out, .required = true};
    flag_walk(method, add_to_usage, &flags);
    buf_add_string(text->out, method->upload != NULL ? " --file FILE…" : "");
    buf_add_string(text->out, method->flags & PB_PATCHES ? " --if-match VERSION" : "");
    buf_add_char(text->out, '\n');
    if (contract_summary(method, &summary))
        text_add_wrapped(text->out, summary.data, 6, 0, help_width());
    buf_deinit(&summary);
}

// What a service is for: its comment, or that of its first call.
static void add_purpose(const pb_service_t *service, buf_t *out)
{
    if (service->comment != NULL && service->comment[0] != '\0')
        contract_comment(service->comment, out);
    else if (service->method_count > 0 && contract_summary(&service->methods[0], out))
        buf_add_char(out, '.');
}

static void add_intro(const char *group, buf_t *out)
{
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++) {
        char name[CONTRACT_NAME_SIZE];
        buf_t purpose;
        contract_group((*service)->name, name);
        buf_init(&purpose, TEXT_CAP);
        add_purpose(*service, &purpose);
        if (strcmp(name, group) == 0 && purpose.size > 0)
            text_add_wrapped(out, purpose.data, 2, 0, help_width());
        buf_deinit(&purpose);
    }
}

bool help_topic(const char *name, buf_t *out)
{
    const command_t *command = command_find(name);
    const bool group = contract_group_known(name);
    if (command != NULL)
        buf_add_string(out, command->usage);
    if (group) {
        group_text_t text = {.out = out};
        buf_printf(out, "%susage: pcnctl %s CALL --FLAG VALUE…\n", command != NULL ? "\n" : "", name);
        add_intro(name, out);
        buf_add_string(out, "\ncalls, with what they cannot do without:\n");
        contract_walk(name, add_call_item, &text);
        buf_printf(out, "\n`pcnctl %s CALL --help` says what it needs and what it answers.\n\nexample:\n  ", name);
        example_call(text.first, out);
        buf_add_char(out, '\n');
    }
    return command != NULL || group;
}

static void count_call(void *data, const pb_service_t *service, const pb_method_t *method)
{
    (void)service, (void)method;
    ++*(size_t *)data;
}

static void add_group_item(const pb_service_t *const *service, buf_t *out)
{
    char name[CONTRACT_NAME_SIZE], before[CONTRACT_NAME_SIZE];
    size_t count = 0;
    buf_t line;
    contract_group((*service)->name, name);
    // Of several services of a group the first one stands for it.
    for (const pb_service_t *const *other = pcn_services; other != service; other++) {
        contract_group((*other)->name, before);
        if (strcmp(before, name) == 0)
            return;
    }
    buf_init(&line, TEXT_CAP);
    contract_walk(name, count_call, &count);
    buf_printf(&line, "%zu %s. ", count, count == 1 ? "call" : "calls");
    add_purpose(*service, &line);
    if (count > 0)
        add_item(out, name, line.data != NULL ? line.data : "", OVERVIEW_COLUMN);
    buf_deinit(&line);
}

void help_overview(buf_t *out)
{
    buf_add_string(out, "usage: pcnctl COMMAND …\n       pcnctl SERVICE CALL --FLAG VALUE…\n\nservices, each call a subcommand:\n");
    for (const pb_service_t *const *service = pcn_services; *service != NULL; service++)
        add_group_item(service, out);
    buf_add_string(out, "\ncommands:\n");
    for (const command_t *command = command_list(); command->name != NULL; command++)
        add_item(out, command->name, command->summary, OVERVIEW_COLUMN);
    add_item(out, "help", "this text, or `pcnctl help registry get-organisation`; `pcnctl help --man` is the manual page", OVERVIEW_COLUMN);
    buf_add_string(out, "\nexamples:\n"
                        "  pcnctl context add home --url http://127.0.0.1:8080 --token-file /etc/pcn/token\n"
                        "  pcnctl registry list-organisations --kind network\n"
                        "  pcnctl registry get-organisation --code pcn-rutland --json | jq .name\n"
                        "  pcnctl events follow --service registry\n"
                        "  pcnctl status\n"
                        "\nexit codes:\n");
    for (const char *const *line = help_exit_codes; *line != NULL; line++)
        buf_printf(out, "  %s\n", *line);
    buf_add_string(out, "\nenvironment:\n");
    add_pairs(out, help_environment, OVERVIEW_COLUMN);
}
