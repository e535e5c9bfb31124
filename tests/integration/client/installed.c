// Built with the installed library alone: that all of it is there and can be called.
#include <pcn.h>
#include <stdio.h>
#include <string.h>

static int expect(int given, int wanted, const char *what)
{
    if (given != wanted) {
        printf("%s: %d instead of %d\n", what, given, wanted);
        return 1;
    }
    return 0;
}

int main(void)
{
    pcn_options options;
    pcn_subscription *subscription = NULL;
    const pcn_event *event = NULL;
    int wrong = 0;
    memset(&options, 0, sizeof options);
    options.service = "registry";
    options.rpc = "ipc:///nowhere/rpc";
    options.pub = "ipc:///nowhere/pub";
    options.keys_dir = "/nowhere";
    options.name = "billing";
    options.start = PCN_START_SNAPSHOT;
    wrong += expect(pcn_subscribe(&options, &subscription), PCN_FAILED, "keys that are not there");
    wrong += expect(pcn_next(subscription, 0, &event), PCN_FAILED, "a subscription that failed");
    pcn_interrupt(subscription);
    wrong += expect(pcn_latest(subscription) == -1, 1, "the latest place");
    wrong += expect(pcn_token(subscription)[0] != '\0', 1, "a token");
    wrong += expect(pcn_error(subscription)[0] != '\0', 1, "a reason");
    printf("libpcn %d.%d: %s\n", PCN_VERSION_MAJOR, PCN_VERSION_MINOR, pcn_error(subscription));
    pcn_close(subscription);
    options.token = "not one";
    wrong += expect(pcn_subscribe(&options, &subscription), PCN_INVALID, "a token that is none");
    pcn_close(subscription);
    return wrong;
}
