// What statements about slots share, whether they search, hold or book. Roots `header` and `call` only.
#ifndef PCN_REFERRAL_STORE_SLOT_PARTS_H
#define PCN_REFERRAL_STORE_SLOT_PARTS_H

#define ORGANISATIONS ":header.principal.organisations::text[]"
#define NOW ":call.now::timestamptz"

// Everything that the caller's organisations are or lie below; and what they are for a restriction to types: their kinds, and urgent care
// by role. Either is looked for only where a plan asks.
#define CALLER                                                                                                                             \
    "caller AS MATERIALIZED (SELECT ARRAY(SELECT r.above FROM reach r WHERE r.organisation = ANY (" ORGANISATIONS ")) AS above), "         \
    "caller_types AS MATERIALIZED (SELECT ARRAY(SELECT (SELECT o.kind FROM organisation o WHERE o.code = u.code) FROM unnest("             \
    "        " ORGANISATIONS ") AS u (code)) || CASE WHEN 'urgent-care' = ANY (:header.principal.roles::text[]) THEN "                     \
    "        '{urgent-care}'::text[] ELSE '{}' END AS types)"
#define SLOTS "slot s JOIN schedule_template t ON t.id = s.template JOIN service v ON v.id = t.service"

// Of a template, whether its restrictions hold for the caller; and the same of a slot s of plan t: one that was taken
// back is its organisation's own.
#define TYPE_ALLOWED(template)                                                                                                             \
    "(" template ".organisation_types IS NULL OR " template ".organisation_types && (SELECT y.types FROM caller_types y))"
#define ORGANISATION_ALLOWED(template)                                                                                                     \
    "(" template ".organisations IS NULL OR " template ".organisations && (SELECT c.above FROM caller c))"
#define SLOT_TYPE_ALLOWED "(s.reclaimed_at IS NOT NULL OR " TYPE_ALLOWED("t") ")"
#define SLOT_ORGANISATION_ALLOWED                                                                                                          \
    "CASE WHEN s.reclaimed_at IS NULL THEN " ORGANISATION_ALLOWED("t") " ELSE s.organisation = ANY (" ORGANISATIONS ") END"

// That the service v of plan t is not offered in that way any more.
#define CHANNEL_WITHDRAWN "t.channel <> ALL (v.channels)"

// Whom the service v of kind k takes; nothing where it takes everybody, which costs nothing then.
#define KIND "JOIN service_kind k ON k.code = v.kind"
#define TAKES_ALL "(v.areas = '{}' AND v.accepts_from = '{}' AND v.criteria = '{}' AND k.accepts_from = '{}' AND k.criteria = '{}')"
#define TAKING(serves, birth_date, sex)                                                                                                    \
    "CASE WHEN NOT " TAKES_ALL " THEN taking_json(v, k, " ORGANISATIONS ", " serves ", " birth_date ", " sex ") END"

// Free slots of the same service near slot s, which is taken, that the caller sees. A call, since most slots are not taken: what stands in
// a statement is made ready in each execution of it.
#define ALTERNATIVES "slot_alternatives(s, " ORGANISATIONS ", :header.principal.roles::text[], " NOW ")"

#endif
