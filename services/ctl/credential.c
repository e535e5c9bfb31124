#include "services/ctl/credential.h"

#include <stdlib.h>

#include "services/ctl/file.h"

int credential_take(const command_t *command, const char *token, const char *file, buf_t *out)
{
    if (token != NULL && file != NULL)
        return command_usage_error(command, "--token or --token-file, not both");
    if (token != NULL) {
        buf_add_string(out, token);
    } else if (file != NULL) {
        problem_t problem = {0};
        if (file_read(file, out, &problem) != STATUS_OK)
            return command_failed(command, &problem);
    } else if (getenv("PCN_CTL_TOKEN") != NULL) {
        buf_add_string(out, getenv("PCN_CTL_TOKEN"));
    }
    while (out->size > 0 && (unsigned char)out->data[out->size - 1] <= ' ')
        out->data[--out->size] = '\0';
    if (out->size == 0)
        return command_usage_error(command, "a token is needed: --token, --token-file or PCN_CTL_TOKEN");
    return COMMAND_OK;
}
