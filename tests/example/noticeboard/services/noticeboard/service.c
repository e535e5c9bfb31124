#include "services/noticeboard/service.h"

#include "pcn/noticeboard/store/v1/store.meta.h"
#include "pcn/noticeboard/v1/noticeboard.meta.h"
#include "services/noticeboard/handlers_notice.h"
#include "services/noticeboard/store_notice.h"

#define NOTICE_TYPE (&pcn__noticeboard__v1__notice__type)
#define LOADED_TYPE (&pcn__noticeboard__store__v1__loaded_notice__type)

extern const db_migration_t noticeboard_migrations[];

static const service_handler_t handlers[] = {
    {.method = "GetNotice", .load = &get_notice, .row = LOADED_TYPE, .decide = decide_get_notice},
    {.method = "PutUpNotice",
     .load = &put_up_notice_load,
     .row = LOADED_TYPE,
     .decide = decide_put_up_notice,
     .after = NOTICE_TYPE,
     .save = &put_up_notice_save},
    {.method = "TakeDownNotice",
     .load = &take_down_load,
     .row = LOADED_TYPE,
     .decide = decide_take_down_notice,
     .after = NOTICE_TYPE,
     .save = &take_down_save},
    {.method = "ExpireNotice",
     .load = &expire_load,
     .row = LOADED_TYPE,
     .decide = decide_expire_notice,
     .after = NOTICE_TYPE,
     .save = &expire_save},
    {.method = NULL},
};

static const service_follower_t followers[] = {
    {.source = "registry", .type = "pcn.registry.organisation.", .apply = &copy_organisations},
    {.source = NULL},
};

static const service_job_t jobs[] = {
    {.name = "day", .due = &due_notices, .method = "ExpireNotice", .period_s = 60, .at_once = 16},
    {.name = NULL},
};

const service_t noticeboard_service = {
    .name = "noticeboard",
    .contract = &pcn__noticeboard__v1__noticeboard__service,
    .handlers = {handlers},
    .migrations = noticeboard_migrations,
    .followers = followers,
    .jobs = jobs,
};
