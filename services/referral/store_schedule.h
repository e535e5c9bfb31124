// SQL of schedules: templates, and the slots that come of them.
#ifndef PCN_REFERRAL_STORE_SCHEDULE_H
#define PCN_REFERRAL_STORE_SCHEDULE_H

#include "common/db/statement.h"

// One row of TemplateReferences where the service is there.
extern const db_stmt_t create_schedule_template_load, create_schedule_template_save;
extern const db_stmt_t get_schedule_template;
// Templates by id after the page token's.
extern const db_stmt_t list_schedule_templates;
// One row of LoadedTemplate; the second without its slots.
extern const db_stmt_t update_schedule_template_load, update_schedule_template_save;
extern const db_stmt_t generate_slots_load, generate_slots_save;
// Requests of GenerateSlots: templates whose slots do not reach the horizon.
extern const db_stmt_t due_templates;

#endif
