#include "services/referral/store_directory.h"

#include "services/referral/store_directory_parts.h"

#define ORGANISATIONS ":header.principal.organisations::text[]"

#define KIND_COLUMNS                                                                                                                       \
    "k.code, k.name, k.target_minutes, nullif(k.criteria, '{}') AS criteria, nullif(k.accepts_from, '{}') AS accepts_from, "               \
    "nullif(k.non_medical, false) AS non_medical, nullif(k.minimum_offer, false) AS minimum_offer, k.source, k.confidence, "               \
    "k.offer_minutes, k.version, "                                                                                                         \
    "k.created_at, k.updated_at"

const db_stmt_t list_service_kinds = {"list_service_kinds", "SELECT " KIND_COLUMNS " FROM service_kind k ORDER BY k.code"};

const db_stmt_t create_service_kind_load = {"create_service_kind_load",
                                            "SELECT " KIND_COLUMNS " FROM service_kind k WHERE k.code = :request.service_kind.code::text"};

const db_stmt_t create_service_kind_save = {
    "create_service_kind_save",
    "changed AS (INSERT INTO service_kind (code, name, target_minutes, criteria, accepts_from, non_medical, minimum_offer, source, "
    "        confidence, offer_minutes, version, created_at, updated_at) "
    "    SELECT :after.code::text, :after.name::text, :after.target_minutes::int, coalesce(:after.criteria::jsonb, '{}'), "
    "        coalesce(:after.accepts_from::jsonb, '{}'), coalesce(:after.non_medical::boolean, false), "
    "        coalesce(:after.minimum_offer::boolean, false), :after.source::text, :after.confidence::text, :after.offer_minutes::int, "
    "        :after.version::bigint, :after.created_at::timestamptz, :after.updated_at::timestamptz "
    "    FROM input i WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) ON CONFLICT (code) DO NOTHING RETURNING code AS key)"};

const db_stmt_t update_service_kind_load = {"update_service_kind_load",
                                            "SELECT " KIND_COLUMNS " FROM service_kind k WHERE k.code = :request.code::text"};

const db_stmt_t update_service_kind_save = {
    "update_service_kind_save",
    "changed AS (UPDATE service_kind k SET name = :after.name::text, target_minutes = :after.target_minutes::int, "
    "        criteria = coalesce(:after.criteria::jsonb, '{}'), accepts_from = coalesce(:after.accepts_from::jsonb, '{}'), "
    "        non_medical = coalesce(:after.non_medical::boolean, false), minimum_offer = coalesce(:after.minimum_offer::boolean, false), "
    "        source = :after.source::text, confidence = :after.confidence::text, offer_minutes = :after.offer_minutes::int, "
    "        version = :after.version::bigint, "
    "        updated_at = :after.updated_at::timestamptz "
    "    FROM input i WHERE k.code = :request.code::text AND k.version = :row.version::bigint "
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING k.code AS key)"};

// ---- services ----

// What is shown of a service, of a row s; service_on() in 1010 joins its kind.
#define SERVICE_COLUMNS                                                                                                                    \
    "s.id, s.name, s.provider, s.site, s.kind, s.specialty, s.channels, nullif(s.hours, '{}') AS hours, "                                  \
    "nullif(s.criteria, '{}') AS criteria, s.areas, s.target_minutes, nullif(s.accepts_from, '{}') AS accepts_from, "                      \
    "capacity_json(s) AS capacity, location_json(s) AS location, s.telephone, s.url, s.description, s.status, s.source, "                  \
    "nullif(s.synthetic, false) AS synthetic, s.version, s.created_at, s.updated_at"

#define INSTANT "coalesce(:request.open_at::timestamptz, :call.now::timestamptz)"

const db_stmt_t list_services = {
    "list_services",
    "WITH " DIRECTORY_FOUND(
        ":request.latitude", ":request.longitude", ":request.q", INSTANT,
        "(:request.kind::text IS NULL OR s.kind = :request.kind::text) "
        "AND (:request.specialty::text IS NULL OR lower(s.specialty) = lower(:request.specialty::text)) "
        "AND (:request.provider::text IS NULL OR s.provider = :request.provider::text) "
        "AND (:request.network::text IS NULL OR within_reach(s.provider, ARRAY[:request.network::text]))",
        ":prepared.parts::text[] IS NULL OR (p.rank, p.id) > ((:prepared.parts::text[])[1]::int, (:prepared.parts::text[])[2]::uuid)",
        "1001") " "
                "SELECT " SERVICE_COLUMNS ", o.metres AS distance_metres, o.rank, a.bank_holiday, k.non_medical, " DIRECTORY_RULES
                " AS rules, " DIRECTORY_ACCEPTS
                " AS accepts_caller, " DIRECTORY_SERVES(":request.practice::text") " AS serves, " DIRECTORY_CLOSED
                                                                                   " AS provider_closed " DIRECTORY_FROM
                                                                                   " ORDER BY o.rank, o.id"};

const db_stmt_t get_service = {"get_service", "SELECT " SERVICE_COLUMNS " FROM service s WHERE s.id = :request.id::uuid"};

// What the service of a request refers to; `kind` and `provider` are those that it will have.
#define REFERENCES(kind, provider, service)                                                                                                \
    "SELECT EXISTS (SELECT FROM organisation o WHERE o.code = " provider ") AS provider_there, within_reach(" provider ", " ORGANISATIONS  \
    ") AS provider_within_reach, (SELECT o.kind FROM organisation o WHERE o.code = " provider ") AS provider_kind, "                       \
    "EXISTS (SELECT FROM service_kind k WHERE k.code = " kind ") AS kind_there, "                                                          \
    "coalesce((SELECT k.non_medical FROM service_kind k WHERE k.code = " kind "), false) AS kind_non_medical, "                            \
    "(SELECT min(c.code) FROM unnest(:request.service.areas::text[]) AS c (code) "                                                         \
    "    WHERE NOT EXISTS (SELECT FROM organisation o WHERE o.code = c.code)) AS missing_area, "                                           \
    "(SELECT min(c.code) FROM jsonb_array_elements_text(:request.service.accepts_from::jsonb -> 'organisations') AS c (code) "             \
    "    WHERE NOT EXISTS (SELECT FROM organisation o WHERE o.code = c.code)) AS missing_organisation, " service

// What the request ends: the whole service, or the channels that it has no more. What hangs on that, twenty slots of it at most.
#define ENDS "(:request.service.status::text IN ('closed', 'suspended') AND :request.service.status::text <> s.status) IS TRUE"
#define LOST                                                                                                                               \
    "ARRAY(SELECT c.channel FROM unnest(s.channels) AS c (channel) WHERE cardinality(:request.service.channels::text[]) > 0 "              \
    "    AND c.channel <> ALL (:request.service.channels::text[]))"
#define TOUCHED                                                                                                                            \
    "(SELECT service_touched(s.id, e.channels, e.whole, :call.now::timestamptz, 20) FROM service s CROSS JOIN LATERAL (SELECT " ENDS       \
    " AS whole, CASE WHEN " ENDS " THEN s.channels ELSE " LOST " END AS channels OFFSET 0) e "                                             \
    "WHERE s.id = :request.id::uuid AND e.channels <> '{}') AS touched"
#define AS_JSON                                                                                                                            \
    "(SELECT service_json(s) FROM service s WHERE s.id = :request.id::uuid) AS service, "                                                  \
    "(SELECT k.non_medical FROM service s JOIN service_kind k ON k.code = s.kind WHERE s.id = :request.id::uuid) AS "                      \
    "was_non_medical, " TOUCHED
#define KIND_OF "(SELECT s.kind FROM service s WHERE s.id = :request.id::uuid)"
#define PROVIDER_OF "(SELECT s.provider::text FROM service s WHERE s.id = :request.id::uuid)"

const db_stmt_t create_service_load = {"create_service_load", REFERENCES(":request.service.kind::text", ":request.service.provider::text",
                                                                         "NULL AS service, NULL AS was_non_medical")};

const db_stmt_t create_service_save = {
    "create_service_save",
    "changed AS (INSERT INTO service (provider, id, name, site, kind, specialty, channels, hours, criteria, areas, target_minutes, "
    "        accepts_from, places, free, capacity_as_of, latitude, longitude, address, location_synthetic, telephone, url, description, "
    "        status, source, synthetic, version, created_at, updated_at) "
    "    SELECT :after.provider::text, :after.id::uuid, :after.name::text, :after.site::text, :after.kind::text, :after.specialty::text, "
    "        :after.channels::text[], coalesce(:after.hours::jsonb, '{}'), coalesce(:after.criteria::jsonb, '{}'), "
    "        coalesce(:after.areas::text[], '{}'), :after.target_minutes::int, coalesce(:after.accepts_from::jsonb, '{}'), "
    "        :after.capacity.places::int, :after.capacity.free::int, :after.capacity.as_of::timestamptz, "
    "        :after.location.latitude::numeric, :after.location.longitude::numeric, :after.location.address::text, "
    "        coalesce(:after.location.synthetic::boolean, false), :after.telephone::text, :after.url::text, :after.description::text, "
    "        :after.status::text, :after.source::text, coalesce(:after.synthetic::boolean, false), :after.version::bigint, "
    "        :after.created_at::timestamptz, :after.updated_at::timestamptz "
    "    FROM input i WHERE NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING id::text AS key)"};

const db_stmt_t update_service_load = {"update_service_load",
                                       REFERENCES("coalesce(:request.service.kind::text, " KIND_OF ")", PROVIDER_OF, AS_JSON)};

#define SERVICE_SAVE                                                                                                                       \
    "changed AS (UPDATE service s SET name = :after.name::text, site = :after.site::text, kind = :after.kind::text, "                      \
    "        specialty = :after.specialty::text, channels = :after.channels::text[], hours = coalesce(:after.hours::jsonb, '{}'), "        \
    "        criteria = coalesce(:after.criteria::jsonb, '{}'), areas = coalesce(:after.areas::text[], '{}'), "                            \
    "        target_minutes = :after.target_minutes::int, accepts_from = coalesce(:after.accepts_from::jsonb, '{}'), "                     \
    "        places = :after.capacity.places::int, free = :after.capacity.free::int, "                                                     \
    "        capacity_as_of = :after.capacity.as_of::timestamptz, latitude = :after.location.latitude::numeric, "                          \
    "        longitude = :after.location.longitude::numeric, address = :after.location.address::text, "                                    \
    "        location_synthetic = coalesce(:after.location.synthetic::boolean, false), telephone = :after.telephone::text, "               \
    "        url = :after.url::text, description = :after.description::text, status = :after.status::text, source = :after.source::text, " \
    "        synthetic = coalesce(:after.synthetic::boolean, false), version = :after.version::bigint, "                                   \
    "        updated_at = :after.updated_at::timestamptz "                                                                                 \
    "    FROM input i WHERE s.id = :request.id::uuid AND s.version = :row.service.version::bigint "                                        \
    "      AND NOT EXISTS (SELECT FROM seen e WHERE e.n = i.n) RETURNING s.id::text AS key)"

const db_stmt_t update_service_save = {"update_service_save", SERVICE_SAVE};

const db_stmt_t set_capacity_load = {
    "set_capacity_load",
    "SELECT true AS provider_there, within_reach(s.provider, " ORGANISATIONS ") AS provider_within_reach, o.kind AS provider_kind, "
    "true AS kind_there, k.non_medical AS kind_non_medical, k.non_medical AS was_non_medical, service_json(s) AS service "
    "FROM service s JOIN service_kind k ON k.code = s.kind LEFT JOIN organisation o ON o.code = s.provider WHERE s.id = :request.id::uuid"};

const db_stmt_t set_capacity_save = {"set_capacity_save", SERVICE_SAVE};

// A row for each kind that every network is to offer; the first column says whether there is such a network at all. A network's patients
// may use what serves its area, or everybody's.
const db_stmt_t get_offer = {"get_offer",
                             "SELECT EXISTS (SELECT FROM organisation o WHERE o.code = :request.code::text AND o.kind = 'network') AS "
                             "network_there, k.code AS kind, "
                             "    k.name, k.source, "
                             "    (SELECT array_agg(s.id ORDER BY s.id) FROM service s WHERE s.kind = k.code AND s.status = 'active' "
                             "        AND (s.closes_at IS NULL OR s.closes_at > :call.now::timestamptz) "
                             "        AND (within_reach(s.provider, ARRAY[:request.code::text]) OR (s.areas <> '{}' AND "
                             "within_reach(:request.code::text, s.areas)))) "
                             "    AS services "
                             "FROM service_kind k WHERE k.minimum_offer ORDER BY k.code"};
