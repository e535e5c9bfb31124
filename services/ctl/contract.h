// The contract as the command line names it: a group for each package that has routes ("registry"), a subcommand for each of its methods
// ("get-organisation"), a flag for each field ("as-of"). Nothing here knows a service: what is built into the contract is there.
//
// All names are made from constant tables; nothing is owned.
#ifndef PCN_CTL_CONTRACT_H
#define PCN_CTL_CONTRACT_H

#include "common/base/buf.h"
#include "common/pb/type.h"

#define CONTRACT_NAME_SIZE 128

// "GetOrganisation", "as_of" and "openedOn" are "get-organisation", "as-of" and "opened-on"; "GetGPList" is "get-gp-list".
void contract_kebab(const char *name, char out[CONTRACT_NAME_SIZE]);
// The package's second part: "registry" of pcn.registry.v1.Registry, and of a method of it.
void contract_group(const char *full_name, char out[CONTRACT_NAME_SIZE]);
// Whether the method has a subcommand: it is reached over HTTP.
bool contract_has_command(const pb_method_t *method);
// Whether any service of the contract is of that group.
bool contract_group_known(const char *group);
// NULL where the group has no such subcommand.
const pb_method_t *contract_find(const char *group, const char *command);
// Calls `each` for every subcommand, in the order of the contract; of one group where `group` is not NULL.
typedef void (*contract_fn)(void *data, const pb_service_t *service, const pb_method_t *method);
void contract_walk(const char *group, contract_fn each, void *data);

// The contract's comment in the words of the command line: a refusal's status is told with its exit code.
void contract_comment(const char *comment, buf_t *out);
// The first sentence that says what it does, and not what it refuses; false where there is none.
bool contract_summary(const pb_method_t *method, buf_t *out);

#endif
