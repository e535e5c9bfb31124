#include "services/registry/store_organisation.h"

#include "services/registry/store_changes.h"
#include "services/registry/store_timeline.h"

#define AS_OF ":request.as_of::date"

// As it stands, which is nearly every read: organisations_on() would make ready for days that nobody asked about.
const db_stmt_t get_organisation_now = {"get_organisation_now",
                                        "SELECT " ORGANISATION_COLUMNS " FROM organisation o WHERE o.code = ANY (:request.code::text[])"};

const db_stmt_t get_organisation = {"get_organisation",
                                    "SELECT " ORGANISATION_COLUMNS_ON(AS_OF) " FROM organisations_on(" AS_OF ") o "
                                                                             "WHERE o.code = ANY (:request.code::text[])"};

// `parent` looks into both trees. The list's length stands in each row, so an empty page still has one row. A search goes by distance, then
// code. Codes are what is listed; what is shown of each is looked up, by its code whatever the planner thinks of the whole.
// clang-format off
const db_stmt_t list_organisations = {
    "list_organisations",
    "SELECT l.total_size, l.distance, " ORGANISATION_COLUMNS_ON(AS_OF) " "
    "FROM organisations_listed(:request.q::text, " AS_OF ", :request.kind::text, :request.level::text, :request.status::text, "
    "    :request.parent::text, :request.page_token::text, coalesce(:request.page_size::int, 50) + 1) l "
    "LEFT JOIN LATERAL (SELECT o.* FROM organisation o WHERE " AS_OF " IS NULL AND o.code = l.code COLLATE \"C\" "
    "    UNION ALL SELECT o.* FROM organisations_on(" AS_OF ") o WHERE " AS_OF " IS NOT NULL AND o.code = l.code COLLATE \"C\" OFFSET 0) o "
    "ON true ORDER BY l.distance, l.code COLLATE \"C\""};
// clang-format on

// Few are closed or have anything to come.
#define STAYS_OPEN "CASE WHEN p.linked OR p.status = 'closed' THEN stays_open(p.code, :after.open_until::date) ELSE true END"

// Why a creation did not take place. Always one row.
const db_stmt_t create_organisation_load = {
    "create_organisation_load",
    "SELECT EXISTS (SELECT FROM organisation WHERE code = :request.organisation.code::text) AS code_taken, "
    "(SELECT kind FROM organisation WHERE code = :request.organisation.parent::text) AS parent_kind, "
    "within_reach(:request.organisation.parent::text, :header.principal.organisations::text[], :call.today::date) AS parent_within_reach, "
    "(SELECT kind FROM organisation WHERE code = :request.organisation.place::text) AS place_kind, "
    "(SELECT kind FROM organisation WHERE code = :request.organisation.payee::text) AS payee_kind, "
    "closed_from(:request.organisation.parent::text) AS parent_closed_from, closed_from(:request.organisation.place::text) AS "
    "place_closed_from, closed_from(:request.organisation.payee::text) AS payee_closed_from"};

const db_stmt_t create_organisation_save = {
    "create_organisation_save",
    "changed AS (INSERT INTO organisation (code, name, kind, level, parent, place, status, opened_on, closed_on, former_names, "
    "    identifiers, stated_population, stated_practice_count, source, notes, payee, mapped_area, agreement_on, facts_from, linked, "
    "    version, created_at, updated_at) "
    "  SELECT :after.organisation.code::text, :after.organisation.name::text, :after.organisation.kind::text, "
    "    :after.organisation.level::text, :after.organisation.parent::text, :after.organisation.place::text, "
    "    :after.organisation.status::text, :after.organisation.opened_on::date, :after.organisation.closed_on::date, "
    "    coalesce(:after.organisation.former_names::text[], '{}'), coalesce(:after.organisation.identifiers::jsonb, '[]'), "
    "    :after.organisation.stated_population::bigint, :after.organisation.stated_practice_count::bigint, "
    "    :after.organisation.source::text, :after.organisation.notes::text, :after.organisation.payee::text, "
    "    :after.organisation.mapped_area::text, :after.organisation.agreement_on::date, :after.organisation.facts_from::date, "
    "    :after.organisation.coming::jsonb IS NOT NULL, "
    "    :after.organisation.version::bigint, :after.organisation.created_at::timestamptz, :after.organisation.updated_at::timestamptz "
    "  FROM input i WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) "
    "  AND CASE WHEN :after.organisation.parent::text IS NULL THEN true "
    "      ELSE EXISTS (SELECT FROM organisation p WHERE p.code = :after.organisation.parent::text "
    "                   AND (:after.parent_kinds::text[] IS NULL OR p.kind = ANY (:after.parent_kinds::text[])) AND " STAYS_OPEN
    "                   OFFSET 0) "
    "           AND CASE WHEN :after.unlimited::boolean THEN true "
    "               ELSE within_reach(:after.organisation.parent::text, :header.principal.organisations::text[], :call.today::date) END "
    "      END "
    "  AND (:after.organisation.place::text IS NULL OR EXISTS (SELECT FROM organisation p WHERE p.code = :after.organisation.place::text "
    "       AND p.kind = ANY (:after.place_kinds::text[]) AND " STAYS_OPEN " OFFSET 0)) "
    "  AND (:after.organisation.payee::text IS NULL OR :after.organisation.payee::text = :after.organisation.code::text "
    "       OR EXISTS (SELECT FROM organisation p WHERE p.code = :after.organisation.payee::text "
    "                  AND (:after.organisation.status::text = 'closed' OR " STAYS_OPEN ") OFFSET 0)) "
    "  ON CONFLICT (code) DO NOTHING RETURNING code AS key, CASE WHEN linked OR facts_from IS NOT NULL THEN "
    "      (SELECT organisation_dated(organisation.code, :after.organisation.coming::jsonb, :after.past::jsonb) FROM input i "
    "       WHERE :call.key = organisation.code) END)"};

// The first day of the change.
#define CHANGE_DAY "coalesce(:request.effective_from::date, :call.today::date)"
// Whether it is about the days on which the organisation is open: all of them are looked at then.
#define LIFE_TOUCHED                                                                                                                       \
    "(:request.organisation.status::text IS NOT NULL OR :request.organisation.opened_on::date IS NOT NULL "                                \
    "OR :request.organisation.closed_on::date IS NOT NULL "                                                                                \
    "OR :request.clear::text[] && ARRAY['status', 'opened_on', 'closed_on'])"
#define UPDATE_TIMELINE                                                                                                                    \
    TIMELINE_FACTS(":request.correction::boolean OR :request.effective_from::date < o.facts_from OR " LIFE_TOUCHED)                        \
    ", CASE WHEN " LIFE_TOUCHED " THEN dated_facts_json(o.code) END AS dated"

// A function of SQL is planned anew by each statement that calls it, so those that most changes do not need are not called.
const db_stmt_t update_organisation_load = {
    "update_organisation_load",
    "SELECT " ORGANISATION_COLUMNS ", " WITHIN_REACH ", " NETWORK_FACTS ", " UPDATE_TIMELINE ", " PRACTICE_MEMBERSHIPS ", "
    "(SELECT m.network FROM membership m WHERE m.practice = o.code AND m.from_on <= " CHANGE_DAY " "
    "    AND (m.to_on IS NULL OR m.to_on >= " CHANGE_DAY ")) AS member_of, "
    "json_strip_nulls(json_build_object("
    "  'parentKind', (SELECT kind FROM organisation WHERE code = :request.organisation.parent::text), "
    "  'parentWithinReach', CASE WHEN :request.organisation.parent::text IS NOT NULL THEN "
    "      within_reach(:request.organisation.parent::text, :header.principal.organisations::text[], :call.today::date) END, "
    "  'parentCircle', CASE WHEN :request.organisation.parent::text IS NOT NULL THEN "
    "      closes_circle(:request.organisation.parent::text, o.code, " CHANGE_DAY ", :call.today::date) END, "
    "  'parentClosedFrom', CASE WHEN :request.organisation.parent::text IS NOT NULL THEN closed_from(:request.organisation.parent::text) "
    "END, "
    "  'placeKind', (SELECT kind FROM organisation WHERE code = :request.organisation.place::text), "
    "  'placeClosedFrom', CASE WHEN :request.organisation.place::text IS NOT NULL THEN closed_from(:request.organisation.place::text) END, "
    "  'placeCircle', CASE WHEN :request.organisation.place::text IS NOT NULL THEN "
    "      closes_circle(:request.organisation.place::text, o.code, " CHANGE_DAY ", :call.today::date) END, "
    "  'payeeClosedFrom', CASE WHEN :request.organisation.payee::text IS NOT NULL THEN closed_from(:request.organisation.payee::text) END, "
    "  'payeeKind', (SELECT kind FROM organisation WHERE code = :request.organisation.payee::text))) AS \"references\" "
    "FROM organisation o" NETWORK_FACTS_JOIN "WHERE o.code = :request.code::text"};

const db_stmt_t update_organisation_save = {"update_organisation_save", TIMELINES_SAVE "changed AS (SELECT k.code AS key FROM kept k)"};
