#include "services/referral/store_pathway.h"

#define TOLD "told(:header.request_id::text)"

#define PATHWAY_COLUMNS                                                                                                                    \
    "p.code, p.version, p.title, p.specialty, p.effective_from, p.effective_to, p.consultant_led, p.criteria, p.questions, "               \
    "p.required_data, p.try_first, p.destinations, p.priorities_allowed, p.age_from, p.age_to, p.source, p.confidence, p.revision, "       \
    "p.recorded_at"
#define IN_FORCE                                                                                                                           \
    "p.effective_from <= coalesce(:request.as_of::date, :call.today::date) "                                                               \
    "AND (p.effective_to IS NULL OR p.effective_to >= coalesce(:request.as_of::date, :call.today::date))"

const db_stmt_t get_pathway = {"get_pathway",
                               "SELECT " PATHWAY_COLUMNS " FROM pathway p WHERE p.code = :request.code::text "
                               "AND (p.version = :request.version::int OR (:request.version::int IS NULL AND " IN_FORCE "))"};

const db_stmt_t list_pathways = {"list_pathways", "SELECT " PATHWAY_COLUMNS " FROM pathway p WHERE " IN_FORCE
                                                  " AND (:request.specialty::text IS NULL OR p.specialty = :request.specialty::text) "
                                                  "AND (:prepared.parts::text[] IS NULL OR p.code > (:prepared.parts::text[])[1]) "
                                                  "ORDER BY p.code LIMIT coalesce(:request.page_size::int, 50) + 1"};

// Every version of the pathways with these codes.
#define KNOWN(codes)                                                                                                                       \
    "SELECT t.revision, (SELECT jsonb_agg(pathway_json(p) ORDER BY p.code, p.version) FROM pathway p WHERE p.code = ANY (" codes           \
    ")) AS known, ARRAY(SELECT k.code::text FROM service_kind k ORDER BY k.code) AS kinds FROM pathway_state t"

// What ends does so before what is new is put beside it: one version a day.
#define SAVE                                                                                                                               \
    "changed AS (UPDATE pathway_state t SET revision = t.revision + 1 FROM input i WHERE t.revision = :row.revision::bigint "              \
    "        AND NOT EXISTS (SELECT FROM seen s WHERE s.n = i.n) RETURNING 'pathways' AS key), "                                           \
    "ended AS (UPDATE pathway p SET effective_to = (e.v ->> 'effectiveTo')::date, revision = (e.v ->> 'revision')::bigint "                \
    "    FROM changed c, jsonb_array_elements(:after.ended::jsonb) AS e (v) "                                                              \
    "    WHERE p.code = e.v ->> 'code' AND p.version = (e.v ->> 'version')::int RETURNING p.code)"
#define TEXTS(of) "ARRAY(SELECT jsonb_array_elements_text(coalesce(x.v -> '" of "', '[]')))"
#define RECORDS                                                                                                                            \
    ", recorded AS (INSERT INTO pathway (code, version, title, specialty, effective_from, effective_to, consultant_led, criteria, "        \
    "        questions, required_data, try_first, destinations, priorities_allowed, age_from, age_to, source, confidence, revision, "      \
    "        recorded_at) "                                                                                                                \
    "    SELECT x.v ->> 'code', (x.v ->> 'version')::int, x.v ->> 'title', x.v ->> 'specialty', (x.v ->> 'effectiveFrom')::date, "         \
    "        (x.v ->> 'effectiveTo')::date, coalesce((x.v ->> 'consultantLed')::boolean, false), " TEXTS(                                  \
        "criteria") ", "                                                                                                                   \
                    "        coalesce(x.v -> 'questions', '[]'), " TEXTS(                                                                  \
                        "requiredData") ", coalesce(x.v -> 'tryFirst', '[]'), "                                                            \
                                        "        coalesce(x.v -> 'destinations', '[]'), " TEXTS(                                           \
                                            "prioritiesAllowed") ", (x.v ->> 'ageFrom')::int, (x.v ->> 'ageTo')::int, "                    \
                                                                 "        x.v ->> 'source', x.v ->> 'confidence', 1, "                     \
                                                                 ":call.now::timestamptz "                                                 \
                                                                 "    FROM changed c CROSS JOIN (SELECT count(*) FROM ended) AS before "   \
                                                                 "(them) CROSS JOIN jsonb_array_elements(:after.recorded::jsonb) "         \
                                                                 "        AS x (v))"

const db_stmt_t create_pathway_load = {"create_pathway_load", KNOWN("ARRAY[:request.pathway.code::text]")};
const db_stmt_t create_pathway_save = {"create_pathway_save", SAVE RECORDS};

const db_stmt_t import_pathways_load = {"import_pathways_load",
                                        KNOWN("ARRAY(SELECT a.v ->> 'code' FROM jsonb_array_elements(:request.pathways::jsonb) AS a (v))")};
const db_stmt_t import_pathways_save = {"import_pathways_save", SAVE RECORDS};

const db_stmt_t end_pathway_load = {"end_pathway_load", KNOWN("ARRAY[:request.code::text]")};
const db_stmt_t end_pathway_save = {"end_pathway_save", SAVE};

const db_stmt_t check_pathway = {
    "check_pathway", "SELECT p.id AS patient, p.birth_date, p.sex, pathway_on(:request.code::text, :call.today::date) AS pathway, "
                     "    s.kind AS service_kind, s.specialty AS service_specialty "
                     "FROM (SELECT) one LEFT JOIN patient p ON p.id = :request.patient::uuid AND p.merged_into IS NULL AND " TOLD " "
                     "LEFT JOIN service s ON s.id = :request.service::uuid"};
