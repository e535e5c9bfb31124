// Files to and from the platform, for calls that the contract gives a body or an answer of files.
#ifndef PCN_CTL_TRANSFER_H
#define PCN_CTL_TRANSFER_H

#include "services/ctl/ask.h"

// Sends the files as one form, read from the disk while they are sent; the answer is appended to `reply`.
MUST_CHECK status_t transfer_upload(http_t *http, const http_request_t *question, const char *const *files, size_t count,
                                    int64_t patience_us, buf_t *reply, problem_t *problem);
// Writes the answer to a file, which has its name once all of it is there. NULL or "-" is standard output, which is refused where that is a
// terminal, and where a broken connection is not tried again.
MUST_CHECK status_t transfer_download(http_t *http, const http_request_t *question, const char *path, int64_t patience_us,
                                      problem_t *problem);

#endif
