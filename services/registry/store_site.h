// SQL of sites.
#ifndef PCN_REGISTRY_STORE_SITE_H
#define PCN_REGISTRY_STORE_SITE_H

#include "common/db/statement.h"

extern const db_stmt_t get_site;                   // row: registry.v1.Site
extern const db_stmt_t list_sites;                 // rows: registry.v1.Site, one more than the page; prepared: PagePlace
extern const db_stmt_t create_site_load;           // always one row: store LoadedSite
extern const db_stmt_t create_site_save;           // after: registry.v1.Site
extern const db_stmt_t update_site_load;           // row: store LoadedSite
extern const db_stmt_t update_site_save;           // after: registry.v1.Site
extern const db_stmt_t site_comes_into_force_load; // row: store LoadedSite
extern const db_stmt_t site_comes_into_force_save; // after: registry.v1.Site

#endif
