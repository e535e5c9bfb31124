// Roles and what each may do, declared once: the gateway turns a token's roles into scopes by it, `pcnctl` lists it, the documentation
// is made from it. A role that is not here gives no scope.
#ifndef PCN_APP_ROLES_H
#define PCN_APP_ROLES_H

#include <stdbool.h>
#include <stddef.h>

// X(role, what it is for, scopes…)
#define ROLES_LIST(X) \
    X("system-manager", "keeps the registry of the whole system: organisations, networks, list sizes, imports; services of any provider; reads checks and events", \
      "registry.read", "registry.any", "organisations.write", "networks.write", "listsizes.write", "checks.read", "events.read", \
      "registry.import", "registry.export", "services.read", "services.write", "services.clinical", "servicekinds.write", "referral.any", \
      "signpostings.read", "capacity.read", "slots.read", "schedules.write", "retention.read", \
      "pathways.read", "pathways.write", \
      "waits.read", "variation.read", "shiftedwork.read", \
      "prescriptions.count", "linkworkers.read", "linkworkers.write") \
    X("network-manager", "keeps its networks: members, directors, list sizes; services of its hubs", "registry.read", "organisations.write", \
      "networks.write", "listsizes.write", "checks.read", "services.read", "services.write", "services.clinical", "signpostings.read", \
      "capacity.read", "slots.read", "slots.hold", "schedules.write", "patients.read", \
      "appointments.read", "appointments.write", \
      "waiting.read", "waiting.write", \
      "waits.read", "variation.read", "shiftedwork.read", \
      "prescriptions.count", "linkworkers.read", "linkworkers.write") \
    X("finance-manager", "budgets, rates, entitlements, claims, ledger; proposes, exports and settles payment runs", "registry.read") \
    X("finance-approver", "reads finance; approves payment runs and virements that others proposed", "registry.read") \
    X("workforce-lead", "people, posts, returns, role plans, forecasts, programmes, surveys", "registry.read") \
    X("practice-clinician", "patients of its practice, appointments, consultations, referrals, advice", "registry.read", "services.read", \
      "signpostings.read", "signpostings.write", "capacity.read", "slots.read", "slots.hold", "patients.read", "patients.write", "patients.merge", \
      "patients.sensitive", "patients.export", "accesses.read", "breakglass.write", "breakglass.review", "notices.read", \
      "consultations.read", "consultations.write", \
      "referrals.read", "referrals.write", "referrals.progress", \
      "appointments.read", "appointments.write", "appointments.overbook", \
      "waiting.read", "waiting.write", \
      "pathways.read", "advice.read", "advice.write", "shiftedwork.read", "shiftedwork.write", \
      "prescriptions.read", "prescriptions.write", "linkworkers.read") \
    X("practice-reception", "patients of its practice, slots, holds, appointments, signposting; its schedules", "registry.read", "services.read", \
      "signpostings.read", "signpostings.write", "capacity.read", "slots.read", "slots.hold", "schedules.write", "patients.read", "patients.write", \
      "notices.read", "consultations.read", "consultations.write", \
      "referrals.read", \
      "appointments.read", "appointments.write", \
      "waiting.read", "waiting.write", \
      "pathways.read") \
    X("referral-triage", "the triage queue and its verbs, pathways, waits; advice in online consultations", "registry.read", "services.read", \
      "consultations.read", "consultations.write", \
      "referrals.read", "referrals.triage", "referrals.progress", \
      "pathways.read", "pathways.write", "advice.read", "advice.answer", \
      "waits.read", "variation.read", "shiftedwork.read", "shiftedwork.write") \
    X("urgent-care", "slots open to it across the system, urgent cases", "registry.read", "services.read", "slots.read", \
      "slots.hold", "patients.read", "urgentcases.read", "urgentcases.write", "breakglass.write", \
      "appointments.read", "appointments.write", \
      "pathways.read") \
    X("link-worker", "social prescriptions and community assets", "registry.read", "services.read", "services.write", \
      "signpostings.read", "signpostings.write", \
      "pathways.read", \
      "prescriptions.read", "prescriptions.write", "prescriptions.count", "linkworkers.read") \
    X("operations", "status, metrics, events, dead letters, keys; no patient, no money", "registry.read", "checks.read", "events.read", \
      "status.read", "followers.read", "followers.write") \
    X("auditor", "reads the audit trail and proves that it is whole", "registry.read", "audit.read", "retention.read") \
    X("subscriber", "follows the change events", "events.read", "registry.read")

typedef struct role {
    const char *name;
    const char *purpose;
    // Ended by NULL.
    const char *const *scopes;
} role_t;

// All roles in the order of the list, ended by a row without a name.
const role_t *role_list(void);
// NULL where there is none of that name.
const role_t *role_by_name(const char *name);
bool role_has_scope(const role_t *role, const char *scope);

#endif
