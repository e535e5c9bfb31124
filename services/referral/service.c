// What the daemon runs beside its methods: jobs, the log that it follows, gauges.
#include "services/referral/service.h"

#include "services/referral/messages.h"
#include "services/referral/methods.h"
#include "services/referral/settings.h"
#include "services/referral/store_appointment.h"
#include "services/referral/store_consultation.h"
#include "services/referral/store_copy.h"
#include "services/referral/store_referral.h"
#include "services/referral/store_retention.h"
#include "services/referral/store_schedule.h"
#include "services/referral/store_slot.h"
#include "services/referral/store_succession.h"
#include "services/referral/store_urgent.h"
#include "services/referral/store_waiting.h"

extern const db_migration_t referral_migrations[];

static const service_job_t jobs[] = {
    {.name = "offers", .due = &due_vacancies, .method = "OfferSlot", .period_s = 3, .at_once = 4},
    {.name = "waiting", .due = &due_waiting_entries, .method = "SettleWaitingEntry", .period_s = 3, .at_once = 4},
    {.name = "urgent", .due = &due_urgent_cases, .method = "SettleUrgentCase", .period_s = 1, .at_once = 4},
    {.name = "overdue", .due = &due_consultations, .method = "TellOverdueConsultation", .period_s = 15, .at_once = 4},
    {.name = "triage", .due = &due_referrals, .method = "TellOverdueReferral", .period_s = 60, .at_once = 4},
    {.name = "successions", .due = &due_successions, .method = "FollowSuccessor", .period_s = 30, .at_once = 8},
    {.name = "retention", .due = &due_erasures, .method = "ErasePatient", .period_s = 3600, .at_once = 1},
    {.name = "unused", .due = &due_unused_slots, .method = "ReclaimUnusedSlot", .period_s = 60, .at_once = 32},
    {.name = "horizon", .due = &due_templates, .method = "GenerateSlots", .period_s = 60, .at_once = 4},
    {.name = NULL},
};

static const service_follower_t followers[] = {
    {.source = "registry", .type = "pcn.registry.organisation.", .apply = &copy_organisations},
    {.source = NULL},
};

static const service_figure_t figures[] = {
    {.name = "pcn_urgent_cases_open", .label = "disposition", .help = "Urgent cases with a disposition that nobody has responded to yet."},
    {.name = "pcn_urgent_cases_breached", .label = "disposition", .help = "Those of them whose target is over."},
    {.name = "pcn_referrals_triage", .label = "priority", .help = "Referrals that wait in triage."},
    {.name = "pcn_referrals_overdue", .label = "priority", .help = "Those of them whose day of contact is over."},
    {.name = NULL},
};

static const service_figure_t durations[] = {
    {.name = "pcn_urgent_case_response_seconds",
     .label = "disposition",
     .help = "From an urgent case's disposition until the patient was seen."},
    {.name = NULL},
};

const service_t referral_service = {
    .name = "referral",
    .contract = &pcn__referral__v1__referral__service,
    .handlers = {directory_methods, patient_methods, schedule_methods, appointment_methods, consultation_methods, urgent_methods,
                 referral_methods, advice_methods, prescription_methods},
    .migrations = referral_migrations,
    .followers = followers,
    .jobs = jobs,
    .figures = figures,
    .read_figures = &referral_gauges,
    .durations = durations,
    .keys = referral_keys,
    .settings_size = sizeof(referral_settings_t),
    .check_settings = referral_check_settings,
};
