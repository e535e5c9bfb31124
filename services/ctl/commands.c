// The commands that are not calls of the contract: one row each; each lives in the file of its name.
#include <string.h>

#include "services/ctl/command.h"

#define PLATFORM_OPTIONS "[--url URL | --context NAME] [--token-file FILE]"

static const command_t commands[] = {
    {"status", "whether a platform can serve, each of its programs and services, and how far behind followers are",
     "usage: pcnctl status " PLATFORM_OPTIONS " [--json | --table]\n"
     "       pcnctl status --state DIR [--json | --table]\n"
     "  over HTTP: readiness and version of the platform, each service with the end of its log (scope events.read), and what follows\n"
     "  which service, with its lag in events (scope followers.read); the role operations has both. Without a token: readiness and "
     "version\n"
     "  --state DIR  the instance's folder on this machine: each program as its supervisor sees it and as it says itself on its private\n"
     "               socket: readiness, version, memory, place of the log, half of its events' delay at most, lag\n"
     "  ends with 5 where something is not ready, or a follower has stopped\n"
     "examples:\n"
     "  pcnctl status --context home\n"
     "  pcnctl status --state .pcn\n",
     status_command},
    {"events", "follow the change events live, and go on where one was",
     "usage: pcnctl events follow [--service NAME[,NAME…]] [--type PREFIX] [--after PLACE | --resume FILE] [--count N]\n"
     "                            " PLATFORM_OPTIONS " [--json | --table] [--patience SECONDS]\n"
     "  each event as it happens, a line each; JSON where standard output is no terminal. Goes on by itself where a connection breaks,\n"
     "  where it was, until Ctrl-C or SIGTERM\n"
     "  --service    of these services; of all unless given\n"
     "  --type       only types that begin so: pcn.registry.site.\n"
     "  --after      begins behind this place of the service's log, 0 is its beginning; what happens next unless given\n"
     "  --resume     keeps the place in a file, after what was printed, and begins there the next time; an event may come twice, none is "
     "lost\n"
     "  --count      ends after so many events\n"
     "  --patience   how long a platform that is not there is waited for at the start; 30 seconds unless given\n"
     "  ends with 4 where the place is gone (pruned, or of another epoch): then `pcnctl events snapshot` is the way\n"
     "examples:\n"
     "  pcnctl events follow --service registry\n"
     "  pcnctl events follow --service registry --resume registry.place --json | while read -r event; do …; done\n"
     "  pcnctl events follow --service registry --after 0 --count 10\n",
     events_command},
    {"import", "send folders of files to the registry, each applied whole or not at all",
     "usage: pcnctl import DIR… " PLATFORM_OPTIONS " [--start DATE] [--dry-run] [--json] [--verbose]\n"
     "                     [--patience SECONDS]\n"
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
     "example:\n"
     "  pcnctl import data/llr --dry-run --token-file manager.token\n",
     import_command},
    {"export", "write the whole registry, as it is at one moment, to a folder that an import takes",
     "usage: pcnctl export DIR " PLATFORM_OPTIONS " [--format csv|json] [--force]\n"
     "  --format      csv: one file for each kind of row (organisations.csv, memberships.csv, …), what is taken unless json is\n"
     "                given: registry.json alone. Either imported into an empty registry gives the same one\n"
     "  --force       also where DIR has files already that an import would take; those of the same name are replaced\n"
     "  DIR is made where it is not there. Files get their names once all of it has come\n"
     "example:\n"
     "  pcnctl export backup/2026-11-26 --token-file manager.token\n",
     export_command},
    {"audit", "read a service's audit trail, and prove that nothing of it was altered or taken away",
     "usage: pcnctl audit list --service NAME " PLATFORM_OPTIONS " [--after PLACE] [--limit N]\n"
     "                         [--subject SUBJECT] [--resource PATH] [--request-id UUID] [--columns NAME,…] [--json | --table]\n"
     "       pcnctl audit verify --service NAME " PLATFORM_OPTIONS " [--since PLACE:HASH]\n"
     "  list         entries in order, 100 unless --limit says otherwise; --resource also means what lies below it\n"
     "  verify       makes every hash anew, says each fault and then the head, to be kept elsewhere; ends with 1 where there was a fault\n"
     "  --since      a head that was kept: the trail must still have it\n"
     "examples:\n"
     "  pcnctl audit list --service registry --resource organisations/pcn-rutland\n"
     "  pcnctl audit verify --service registry --since \"$(cat registry.head)\"\n",
     audit_command},
    {"followers", "show how a service stands with the change logs that it follows",
     "usage: pcnctl followers --service NAME " PLATFORM_OPTIONS " [--columns NAME,…] [--json | --table]\n"
     "example:\n"
     "  pcnctl followers --service finance\n",
     followers_command},
    {"dead-letter", "see what a service could not apply of another's events, and decide on it",
     "usage: pcnctl dead-letter list  --service NAME " PLATFORM_OPTIONS " [--state STATE] [--limit N]\n"
     "                                [--columns NAME,…] [--json | --table]\n"
     "       pcnctl dead-letter skip  --service NAME " PLATFORM_OPTIONS " ID --reason TEXT\n"
     "       pcnctl dead-letter retry --service NAME " PLATFORM_OPTIONS " ID --reason TEXT\n"
     "  list         newest first, 100 unless --limit says otherwise; --state is open, skipped or retried; --json shows the data too\n"
     "  skip         the follower goes on behind it: its copy lacks the change until the resource changes again\n"
     "  retry        the follower tries it again, once what was wrong is mended\n"
     "  --reason     why, in one line of at most 500 characters; kept with it\n"
     "examples:\n"
     "  pcnctl dead-letter list --service finance --state open\n"
     "  pcnctl dead-letter retry 0190b2a0-0000-7000-8000-000000000001 --service finance --reason 'the migration is there'\n",
     dead_letter_command},
    {"context", "name platforms, so that --url and --token need not be said again",
     "usage: pcnctl context add NAME --url URL [--token-file FILE | --token-command COMMAND | --token TOKEN] [--use]\n"
     "       pcnctl context use NAME\n"
     "       pcnctl context list [--json | --table]\n"
     "       pcnctl context remove NAME\n"
     "  add              one of the name is replaced; the first one is the current one, another with --use\n"
     "  --token-file     read each time; a path that begins with /\n"
     "  --token-command  run by the shell each time: what it prints is the token\n"
     "  --token          kept in the file itself\n"
     "  kept in $XDG_CONFIG_HOME/pcn/contexts.json or ~/.config/pcn/contexts.json, for you alone; a context's token goes to no other "
     "address\n"
     "examples:\n"
     "  pcnctl context add home --url http://127.0.0.1:8080 --token-command './pcn token --role system-manager --org ics-llr'\n"
     "  pcnctl context use home\n",
     context_command},
    {"keys", "enrol and revoke the CURVE keys that daemons and subscribers know each other by",
     "usage: pcnctl keys add --dir DIR NAME       enrol a subscriber: make its pair, say where it is\n"
     "       pcnctl keys add --dir DIR NAME --public-key KEY\n"
     "                                            enrol one that made its pair itself and keeps its secret\n"
     "       pcnctl keys revoke --dir DIR NAME [--force]\n"
     "                                            take it off the allow list, and away what is left of its pair here:\n"
     "                                            its connections end within a second; --force also for a daemon's\n"
     "       pcnctl keys list --dir DIR [--json | --table]\n"
     "                                            name and public key of everybody on the allow list; daemons are marked\n"
     "       pcnctl keys ensure --dir DIR NAME…   make the pairs that are missing\n"
     "  no daemon needs a restart: who is enrolled is let in at once\n"
     "examples:\n"
     "  pcnctl keys add --dir .pcn/keys reporting\n"
     "  pcnctl keys add --dir .pcn/keys reporting --public-key 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'\n"
     "  pcnctl keys revoke --dir .pcn/keys reporting\n",
     keys_command},
    {"issuer", "make the development issuer's key pair",
     "usage: pcnctl issuer init --dir DIR         make private.pem and jwks.json where they are missing\n"
     "example:\n"
     "  pcnctl issuer init --dir .pcn/issuer\n",
     issuer_command},
    {"token", "print a token of the development issuer",
     "usage: pcnctl token --issuer-dir DIR --role ROLE[,ROLE…] --org CODE[,CODE…]\n"
     "                    [--sub SUBJECT] [--ttl SECONDS] [--scope \"SCOPE…\"]\n"
     "  --sub    who it is for; differs by role and organisation unless given\n"
     "  --ttl    how long it holds, 1 second to 30 days; an hour unless given\n"
     "  --scope  fewer scopes than the roles have, separated by blanks\n"
     "example:\n"
     "  pcnctl token --issuer-dir .pcn/issuer --role operations --org ics-llr --ttl 600\n",
     token_command},
    {"completion", "print what makes bash complete commands, calls and flags",
     "usage: pcnctl completion bash\n"
     "example:\n"
     "  pcnctl completion bash > ~/.local/share/bash-completion/completions/pcnctl\n",
     completion_command},
    {.name = NULL},
};

const command_t *command_list(void)
{
    return commands;
}

const command_t *command_find(const char *name)
{
    for (const command_t *command = commands; command->name != NULL; command++) {
        if (strcmp(command->name, name) == 0)
            return command;
    }
    return NULL;
}
