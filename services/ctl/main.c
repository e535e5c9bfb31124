// pcnctl: the command line client. One row a command; each lives in the file of its name.
#include <stdio.h>
#include <string.h>

#include "services/ctl/command.h"

static const command_t commands[] = {
    {"keys", "enrol and revoke the CURVE keys that daemons and subscribers know each other by",
     "usage: pcnctl keys add --dir DIR NAME       enrol a subscriber: make its pair, say where it is\n"
     "       pcnctl keys add --dir DIR NAME --public-key KEY\n"
     "                                            enrol one that made its pair itself and keeps its secret\n"
     "       pcnctl keys revoke --dir DIR NAME [--force]\n"
     "                                            take it off the allow list, and away what is left of its pair here:\n"
     "                                            its connections end within a second; --force also for a daemon's\n"
     "       pcnctl keys list --dir DIR           name and public key of everybody on the allow list; daemons are marked\n"
     "       pcnctl keys ensure --dir DIR NAME…   make the pairs that are missing\n"
     "  no daemon needs a restart: who is enrolled is let in at once\n"
     "examples:\n"
     "  pcnctl keys add --dir .pcn/keys reporting\n"
     "  pcnctl keys add --dir .pcn/keys reporting --public-key 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'\n"
     "  pcnctl keys revoke --dir .pcn/keys reporting\n",
     keys_command},
    {"issuer", "make the development issuer's key pair",
     "usage: pcnctl issuer init --dir DIR         make private.pem and jwks.json where they are missing\n", issuer_command},
    {"token", "print a token of the development issuer",
     "usage: pcnctl token --issuer-dir DIR --role ROLE[,ROLE…] --org CODE[,CODE…]\n"
     "                    [--sub SUBJECT] [--ttl SECONDS] [--scope \"SCOPE…\"]\n"
     "  --sub    who it is for; differs by role and organisation unless given\n"
     "  --ttl    how long it holds, 1 second to 30 days; an hour unless given\n"
     "  --scope  fewer scopes than the roles have, separated by blanks\n",
     token_command},
    {"import", "send folders of files to the registry, each applied whole or not at all",
     "usage: pcnctl import DIR… --url URL [--token TOKEN | --token-file FILE] [--start DATE] [--dry-run] [--json]\n"
     "                     [--verbose] [--patience SECONDS]\n"
     "  sends the files of DIR that the registry knows (organisations.csv, memberships.csv, …, pcns.csv, practices.csv) and *.json, waits\n"
     "  and says what was created and changed, or each problem with its file, line and column\n"
     "  each DIR is an import of its own, one after the other: all of it is applied, or nothing. Where one fails, those after\n"
     "  it are not sent, and those before it stay. It may be repeated: what is on record already counts as unchanged, and what is\n"
     "  on record otherwise is a problem\n"
     "  --start       first day of memberships and directors, where the files name none; 2019-07-01 unless given\n"
     "  --dry-run     only looks at everything, each folder by itself\n"
     "  --json        prints each job as the server tells it, one a line, and nothing else\n"
     "  --verbose     also says which files are left out\n"
     "  --patience    how long a busy server or a broken connection is tried again; 30 seconds unless given\n"
     "  --token-file  a file that holds the token, which --token would show to every user of the machine;\n"
     "                without either PCN_CTL_TOKEN of the environment counts\n",
     import_command},
    {"export", "write the whole registry, as it is at one moment, to a folder that an import takes",
     "usage: pcnctl export DIR --url URL [--token TOKEN | --token-file FILE] [--format csv|json] [--force]\n"
     "  --format      csv: one file for each kind of row (organisations.csv, memberships.csv, …), what is taken unless json is\n"
     "                given: registry.json alone. Either imported into an empty registry gives the same one\n"
     "  --force       also where DIR has files already that an import would take; those of the same name are replaced\n"
     "  DIR is made where it is not there. Files get their names once all of it has come\n"
     "  --token-file  a file that holds the token; without either PCN_CTL_TOKEN of the environment counts\n",
     export_command},
    {"audit", "read a service's audit trail, and prove that nothing of it was altered or taken away",
     "usage: pcnctl audit list --url URL --service NAME [--token TOKEN | --token-file FILE] [--after PLACE] [--limit N]\n"
     "                         [--subject SUBJECT] [--resource PATH] [--request-id UUID] [--json]\n"
     "       pcnctl audit verify --url URL --service NAME [--token TOKEN | --token-file FILE] [--since PLACE:HASH]\n"
     "  list         entries in order, 100 unless --limit says otherwise; --resource also means what lies below it\n"
     "  verify       makes every hash anew, says each fault and then the head, to be kept elsewhere; ends with 1 where there was a fault\n"
     "  --since      a head that was kept: the trail must still have it\n"
     "  --json       one JSON object a line\n"
     "  --token-file a file that holds the token; without either PCN_CTL_TOKEN of the environment counts\n",
     audit_command},
    {"followers", "show how a service stands with the change logs that it follows",
     "usage: pcnctl followers --url URL --service NAME [--token TOKEN | --token-file FILE] [--json]\n"
     "  --json       one JSON object a line\n"
     "  --token-file a file that holds the token; without either PCN_CTL_TOKEN of the environment counts\n",
     followers_command},
    {"dead-letter", "see what a service could not apply of another's events, and decide on it",
     "usage: pcnctl dead-letter list  --url URL --service NAME [--token TOKEN | --token-file FILE] [--state STATE] [--limit N] [--json]\n"
     "       pcnctl dead-letter skip  --url URL --service NAME [--token TOKEN | --token-file FILE] ID --reason TEXT\n"
     "       pcnctl dead-letter retry --url URL --service NAME [--token TOKEN | --token-file FILE] ID --reason TEXT\n"
     "  list         newest first, 100 unless --limit says otherwise; --state is open, skipped or retried; --json shows the data too\n"
     "  skip         the follower goes on behind it: its copy lacks the change until the resource changes again\n"
     "  retry        the follower tries it again, once what was wrong is mended\n"
     "  --reason     why, in one line of at most 500 characters; kept with it\n"
     "  --token-file a file that holds the token; without either PCN_CTL_TOKEN of the environment counts\n",
     dead_letter_command},
};

static void print_help(FILE *out)
{
    fprintf(out, "usage: pcnctl COMMAND …\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].summary);
    fprintf(out, "  %-11s this list, or `pcnctl help COMMAND`\n", "help");
}

static const command_t *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    }
    return false;
}

static int run_help(int argc, char **argv)
{
    const command_t *command = argc > 0 ? find_command(argv[0]) : NULL;
    if (command != NULL) {
        fputs(command->usage, stdout);
        return COMMAND_OK;
    }
    if (argc > 0) {
        fprintf(stderr, "pcnctl: there is no command %s\n\n", argv[0]);
        print_help(stderr);
        return COMMAND_USAGE;
    }
    print_help(stdout);
    return COMMAND_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return COMMAND_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return run_help(argc - 2, argv + 2);
    const command_t *command = find_command(argv[1]);
    if (command == NULL)
        return run_help(1, argv + 1);
    if (asks_for_help(argc - 2, argv + 2))
        return run_help(1, argv + 1);
    int code = command->run(command, argc - 1, argv + 1);
    // A full disk behind the pipe must not look like success.
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "pcnctl %s: cannot write to standard output\n", command->name);
        return COMMAND_FAILED;
    }
    return code;
}
