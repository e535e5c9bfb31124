#include "common/rpc/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rpc_shares_init(rpc_shares_t *shares, const rpc_permission_t *rows)
{
    *shares = (rpc_shares_t){.rows = rows};
}

void rpc_shares_deinit(rpc_shares_t *shares)
{
    while (shares->first != NULL) {
        rpc_share_t *share = shares->first;
        shares->first = share->next;
        free(share);
    }
}

static rpc_share_t *share_new(rpc_shares_t *shares, size_t row, const char *key)
{
    rpc_share_t *share = calloc(1, sizeof *share);
    if (share != NULL) {
        (void)snprintf(share->key, sizeof share->key, "%s", key);
        share->row = row;
        share->next = shares->first;
        shares->first = share;
    }
    return share;
}

rpc_share_t *rpc_shares_take(rpc_shares_t *shares, size_t row, const char *key)
{
    const rpc_permission_t *bounds = &shares->rows[row];
    rpc_share_t *own = NULL;
    unsigned all = 0;
    for (rpc_share_t *share = shares->first; share != NULL; share = share->next) {
        if (share->row == row) {
            all += share->in_flight;
            own = strcmp(share->key, key) == 0 ? share : own;
        }
    }
    own = own != NULL ? own : share_new(shares, row, key);
    if (own == NULL || (bounds->in_flight_a_key > 0 && own->in_flight >= bounds->in_flight_a_key) ||
        (bounds->in_flight_max > 0 && all >= bounds->in_flight_max)) {
        return NULL;
    }
    own->in_flight++;
    return own;
}

void rpc_share_give(rpc_share_t *share)
{
    if (share != NULL) {
        share->in_flight--;
    }
}
