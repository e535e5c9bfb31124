-- A synthetic England's week by week, for measuring only: services, weekly plans, patients and ten million slots of the 6,500 practices of
-- tests/support/england.py, put straight into referral's tables. So no event tells of them, and followers do not know them.
--
-- Repeatable: where the slots are there, nothing happens. psql -v today=DATE, with -v practices=N of the first N practices alone; as the owner of
-- referral's schema. Ids tell by their digits that they are made up. Slots lie as the horizon's job makes them, day by day and plan by plan, and their
-- ids ascend in that order.
\set ON_ERROR_STOP on
\if :{?practices}
\else
\set practices ALL
\endif
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

-- As of a version 7, with the number where its time would be: indexes are filled as they are by real ones.
CREATE FUNCTION england.made_up(what integer, number bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
    RETURN ('019a' || lpad(to_hex(number), 8, '0') || '70008000' || lpad(to_hex(what), 12, '0'))::uuid;

-- Weights 10 to 2, modulo 11; 10 is none. Of two neighbours one has a check digit.
CREATE FUNCTION england.check_digit(n integer) RETURNS integer IMMUTABLE LANGUAGE sql
    RETURN (11 - (10 * (n / 100000000 % 10) + 9 * (n / 10000000 % 10) + 8 * (n / 1000000 % 10) + 7 * (n / 100000 % 10) + 6 * (n / 10000 % 10)
        + 5 * (n / 1000 % 10) + 4 * (n / 100 % 10) + 3 * (n / 10 % 10) + 2 * (n % 10)) % 11) % 11;
CREATE FUNCTION england.nhs_number(n integer) RETURNS text IMMUTABLE LANGUAGE sql
    RETURN CASE WHEN england.check_digit(n) < 10 THEN n::text || england.check_digit(n) ELSE n + 1 || england.check_digit(n + 1)::text END;

CREATE TABLE england.practice AS
    SELECT o.code, o.name, row_number() OVER (ORDER BY o.code) AS number FROM organisation o WHERE o.code LIKE 'gp-syn-%' AND o.status = 'active'
    ORDER BY o.code LIMIT :practices;

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

-- What finds slots, and what holds registrations apart, is made anew afterwards, whatever it is: that costs a third of keeping it up to date row by
-- row.
CREATE TABLE england.anew AS
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname) AS without,
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid)) AS again
    FROM pg_constraint c
    WHERE c.conrelid = 'slot'::regclass AND c.contype IN ('p', 'u') OR c.conrelid = 'registration'::regclass AND c.contype IN ('u', 'x')
    UNION ALL
    SELECT format('DROP INDEX %I', i.relname), pg_get_indexdef(i.oid)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
    WHERE x.indrelid = 'slot'::regclass AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid);
SELECT without FROM england.anew \gexec

INSERT INTO patient (id, nhs_number, name, birth_date, sex, practice, registered_from, synthetic, version, created_at, updated_at)
SELECT england.made_up(4, 20 * p.number + k), england.nhs_number((999000000 + 2 * (134000 + 20 * (p.number - 1) + k))::integer), 'Person ' || 20 * p.number + k || ' (synthetic)',
    date '1930-01-01' + (997 * (20 * p.number + k) % 34000)::integer, CASE k % 2 WHEN 0 THEN 'female' ELSE 'male' END, p.code, date '2024-04-01', true, 1,
    now(), now()
FROM england.practice p CROSS JOIN generate_series(0, 19) k;
ANALYZE patient;
INSERT INTO registration (patient, number, practice, from_on, recorded_at)
SELECT id, 1, practice, registered_from, now() FROM patient WHERE practice LIKE 'gp-syn-%';

CREATE TABLE england.grid AS
    SELECT dense_rank() OVER (ORDER BY d) AS day, row_number() OVER (PARTITION BY d ORDER BY l.number, n) AS number, l.number AS plan,
        l.minutes::smallint AS minutes, (d + l.from_at + n * l.minutes * interval '1 minute') AT TIME ZONE 'Europe/London' AS start_at
    FROM generate_series(:'today'::date, :'today'::date + 41, interval '1 day') d CROSS JOIN england.plan l
    CROSS JOIN LATERAL generate_series(0, (extract(epoch FROM l.to_at - l.from_at) / 60 / l.minutes)::integer - 1) n
    WHERE extract(isodow FROM d) < 6;
ANALYZE england.grid;
SELECT format('INSERT INTO slot (organisation, id, template, start_at, minutes, status)
    SELECT p.code, england.made_up(3, 64 * (8192 * g.day + p.number) + g.number), england.made_up(2, 8 * p.number + g.plan), g.start_at, g.minutes, ''free''
    FROM england.practice p CROSS JOIN england.grid g WHERE g.day = %s ORDER BY p.number, g.number', day)
FROM (SELECT DISTINCT day FROM england.grid ORDER BY day) d \gexec

SELECT again FROM england.anew \gexec
DROP SCHEMA england CASCADE;
COMMIT;

-- What autovacuum would come to by and by.
VACUUM (ANALYZE) slot;
VACUUM (ANALYZE) patient;
ANALYZE service, schedule_template, registration, organisation, reach;
SELECT count(*) || ' slots' FROM slot;
