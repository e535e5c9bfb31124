-- A synthetic England's week by week, for measuring only: services, weekly plans, patients and ten million slots of the 6,500 practices of
-- tests/support/england.py, put straight into referral's tables. So no event tells of them, and followers do not know them.
--
-- Repeatable: where the slots are there, nothing happens. psql -v today=DATE; as the owner of referral's schema. Ids tell by their digits that they
-- are made up, and ascend within a practice as real ones do with time.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SET search_path = referral, pcn_extensions;
SET maintenance_work_mem = '512MB';
SET work_mem = '64MB';

SELECT EXISTS (SELECT FROM slot s JOIN organisation o ON o.code = s.organisation WHERE o.code LIKE 'gp-syn-%' LIMIT 1) AS there \gset
\if :there
\q
\endif

BEGIN;
-- What the work needs for itself; gone at its end.
CREATE SCHEMA england;

CREATE FUNCTION england.made_up(what integer, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
    RETURN ('019ac000' || lpad(to_hex(what), 4, '0') || '70008000' || lpad(to_hex(number), 12, '0'))::uuid;

-- The first of two neighbours that has a check digit (weights 10 to 2, modulo 11): one of them has.
CREATE FUNCTION england.check_digit(nine text) RETURNS integer IMMUTABLE LANGUAGE sql
    RETURN (SELECT (11 - sum((11 - i) * substr(nine, i, 1)::integer) % 11) % 11 FROM generate_series(1, 9) i);
CREATE FUNCTION england.nhs_number(number bigint) RETURNS text IMMUTABLE LANGUAGE sql
    RETURN (SELECT n.nine || england.check_digit(n.nine) FROM generate_series(0, 1) k CROSS JOIN LATERAL (
        SELECT (999000000 + 2 * number + k)::text) AS n (nine) WHERE england.check_digit(n.nine) < 10 ORDER BY k LIMIT 1);

CREATE TABLE england.practice AS
    SELECT o.code, o.name, row_number() OVER (ORDER BY o.code) AS number FROM organisation o WHERE o.code LIKE 'gp-syn-%' AND o.status = 'active';

CREATE TABLE england.plan (number integer, name text, kind text, channel text, from_at time, to_at time, minutes integer, types text[],
    window_days integer);
INSERT INTO england.plan VALUES
    (1, 'Surgery', 'core', 'in-person', '08:30', '12:00', 10, NULL, NULL),
    (2, 'NHS 111', 'reserved-111', 'in-person', '12:00', '13:00', 15, '{urgent-care}', NULL),
    (3, 'On the day', 'urgent', 'in-person', '13:00', '14:00', 12, NULL, 0),
    (4, 'Telephone', 'core', 'telephone', '14:00', '17:00', 10, NULL, NULL),
    (5, 'Video', 'video', 'video', '17:00', '18:00', 15, NULL, NULL);

INSERT INTO service (provider, id, name, kind, channels, areas, status, source, synthetic, version, created_at, updated_at)
SELECT p.code, england.made_up(1, p.number), p.name || ': General practice', 'general-practice',
    '{in-person,telephone,video,online-message}', ARRAY[p.code], 'active', 'Synthetic England', true, 1, now(), now()
FROM england.practice p;

INSERT INTO schedule_template (organisation, id, service, name, kind, channel, sessions, bank_holidays, valid_from, organisation_types,
    window_days, generated_to, synthetic, version, created_at, updated_at)
SELECT p.code, england.made_up(2, 8 * p.number + l.number), england.made_up(1, p.number), l.name, l.kind, l.channel,
    (SELECT jsonb_agg(jsonb_build_object('weekday', w, 'from', to_char(l.from_at, 'HH24:MI'), 'to', to_char(l.to_at, 'HH24:MI'), 'minutes',
        l.minutes)) FROM unnest('{monday,tuesday,wednesday,thursday,friday}'::text[]) w),
    true, :'today'::date, l.types, l.window_days, :'today'::date + 41, true, 1, now(), now()
FROM england.practice p CROSS JOIN england.plan l;

INSERT INTO patient (id, nhs_number, name, birth_date, sex, practice, registered_from, synthetic, version, created_at, updated_at)
SELECT england.made_up(4, 20 * p.number + k), england.nhs_number(134000 + 20 * (p.number - 1) + k), 'Person ' || 20 * p.number + k || ' (synthetic)',
    date '1930-01-01' + (997 * (20 * p.number + k) % 34000)::integer, CASE k % 2 WHEN 0 THEN 'female' ELSE 'male' END, p.code, date '2024-04-01', true, 1,
    now(), now()
FROM england.practice p CROSS JOIN generate_series(0, 19) k;
INSERT INTO registration (patient, number, practice, from_on, recorded_at)
SELECT id, 1, practice, registered_from, now() FROM patient WHERE practice LIKE 'gp-syn-%';

-- What finds slots is made anew afterwards, whatever it is: that costs a third of keeping it up to date row by row. Ids ascend, so the primary
-- key stays.
CREATE TABLE england.anew AS
    SELECT format('ALTER TABLE slot DROP CONSTRAINT %I', c.conname) AS without,
        format('ALTER TABLE slot ADD CONSTRAINT %I %s', c.conname, pg_get_constraintdef(c.oid)) AS again
    FROM pg_constraint c WHERE c.conrelid = 'slot'::regclass AND c.contype = 'u'
    UNION ALL
    SELECT format('DROP INDEX %I', i.relname), pg_get_indexdef(i.oid)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = 'slot'::regclass AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid);
SELECT without FROM england.anew \gexec

CREATE TABLE england.grid AS
    SELECT row_number() OVER (ORDER BY d, l.number, n) AS number, l.number AS plan, l.minutes::smallint AS minutes,
        (d + l.from_at + n * l.minutes * interval '1 minute') AT TIME ZONE 'Europe/London' AS start_at
    FROM generate_series(:'today'::date, :'today'::date + 41, interval '1 day') d CROSS JOIN england.plan l
    CROSS JOIN LATERAL generate_series(0, (extract(epoch FROM l.to_at - l.from_at) / 60 / l.minutes)::integer - 1) n
    WHERE extract(isodow FROM d) < 6;
ANALYZE england.grid;
INSERT INTO slot (organisation, id, template, start_at, minutes, status)
SELECT p.code, england.made_up(3, 4096 * p.number + g.number), england.made_up(2, 8 * p.number + g.plan), g.start_at, g.minutes, 'free'
FROM (SELECT code, number FROM england.practice ORDER BY number) p CROSS JOIN england.grid g;

SELECT again FROM england.anew \gexec
DROP SCHEMA england CASCADE;
COMMIT;

-- What autovacuum would come to by and by.
VACUUM (ANALYZE) slot;
VACUUM (ANALYZE) patient;
ANALYZE service, schedule_template, registration, organisation, reach;
SELECT count(*) || ' slots' FROM slot;
