#include "common/app/roles.h"

#include <string.h>

#define ROLE_ROW(role_name, role_purpose, ...) {role_name, role_purpose, (const char *const[]){__VA_ARGS__, NULL}},
static const role_t roles[] = {ROLES_LIST(ROLE_ROW){NULL, NULL, NULL}};
#undef ROLE_ROW

const role_t *role_list(void)
{
    return roles;
}

const role_t *role_by_name(const char *name)
{
    for (const role_t *role = roles; role->name != NULL; role++) {
        if (strcmp(role->name, name) == 0)
            return role;
    }
    return NULL;
}

bool role_has_scope(const role_t *role, const char *scope)
{
    for (const char *const *held = role->scopes; *held != NULL; held++) {
        if (strcmp(*held, scope) == 0)
            return true;
    }
    return false;
}
