-- The create of rival/statements.js, with figures that pgbench can make. `prefix` differs by run, so no code comes twice.
\set n random(1, 9000000000000000)
WITH seen AS (
    SELECT answer, request_hash FROM bench_rival.idempotency
    WHERE organisation = 'ics-llr' AND subject = 'bench' AND method = 'CreateOrganisation' AND key = :prefix::text || :n::bigint
), made AS (
    INSERT INTO bench_rival.organisation
        (code, name, kind, level, parent, stated_population, source, status, version, created_at, updated_at)
    SELECT :prefix::text || :n::bigint, 'A practice of the measure', 'practice', 'practice', 'ics-llr', 9000::bigint, 'tests/bench',
        'active', 1, clock_timestamp(), clock_timestamp() WHERE NOT EXISTS (SELECT FROM seen)
    ON CONFLICT (code) DO NOTHING RETURNING code
), kept AS (
    INSERT INTO bench_rival.idempotency (organisation, subject, method, key, request_hash, answer, created_at)
    SELECT 'ics-llr', 'bench', 'CreateOrganisation', code, '\x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'::bytea,
        :answer::text, clock_timestamp() FROM made
), told AS (
    INSERT INTO bench_rival.event (id, type, subject, version, time, traceparent, data)
    SELECT gen_random_uuid(), 'pcn.registry.organisation.created', 'organisations/' || code, 1, clock_timestamp(), NULL, :answer::text FROM made
), noted AS (
    INSERT INTO bench_rival.audit (at, request_id, subject, organisation, method, target)
    SELECT clock_timestamp(), gen_random_uuid(), 'bench', 'ics-llr', 'CreateOrganisation', 'organisations/' || code FROM made
)
SELECT NOT EXISTS (SELECT FROM seen) AS is_new, EXISTS (SELECT FROM made) AS made,
    coalesce((SELECT request_hash IS NOT NULL FROM seen), true) AS same, (SELECT answer FROM seen) AS answer;
