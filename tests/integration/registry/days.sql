-- A registry made by chance (setseed() before), whose facts were others, are to be others, or both, and what reads of any day must tell of it: by the plain
-- way over everything, for one organisation, list and tree after the other.

SET jit = off;

-- ---- the registry ----
INSERT INTO organisation (code, name, kind, level, parent, status, version, created_at, updated_at)
SELECT c.code, 'Name of ' || c.code, c.kind, 'place', c.parent, 'active', 1, now(), now()
FROM (VALUES ('x-1', 'ics', NULL), ('x-2', 'ics', NULL), ('y-1', 'ccg', 'x-1'), ('y-2', 'ccg', 'x-1'), ('y-3', 'ccg', 'x-2'),
    ('z-1', 'local-authority', 'x-1'), ('z-2', 'local-authority', 'x-1'), ('z-3', 'local-authority', 'x-2')) c (code, kind, parent);
INSERT INTO organisation (code, name, kind, level, parent, place, status, version, created_at, updated_at)
SELECT 'n-' || n, 'Network ' || n, 'network', 'neighbourhood', 'y-' || 1 + floor(random() * 3)::int, CASE WHEN random() < 0.7 THEN 'z-' || 1 + floor(random() * 3)::int END,
    'active', 1, now(), now() FROM generate_series(1, 12) n;
INSERT INTO organisation (code, name, kind, level, parent, place, status, version, created_at, updated_at)
SELECT 'p-' || lpad(n::text, 3, '0'), 'Practice ' || n, 'practice', 'practice', CASE WHEN random() < 0.8 THEN 'n-' || 1 + floor(random() * 12)::int ELSE 'y-' || 1 + floor(random() * 3)::int END,
    CASE WHEN random() < 0.3 THEN 'z-' || 1 + floor(random() * 3)::int END, 'active', 1, now(), now() FROM generate_series(1, 60) n;

CREATE TEMP TABLE fate AS SELECT code, kind, random() AS past, random() AS coming, random() AS other, date '2022-01-01' + floor(random() * 1500)::int AS day FROM organisation;
UPDATE organisation o SET facts_from = f.day FROM fate f WHERE f.code = o.code AND f.past < 0.6;
UPDATE organisation o SET opened_on = f.day - 200 FROM fate f WHERE f.code = o.code AND f.other < 0.2;
UPDATE organisation o SET opened_on = f.day, status = 'proposed' FROM fate f WHERE f.code = o.code AND f.other > 0.93;
INSERT INTO organisation_past (code, from_on, to_on, recorded_at, name, level, parent, place, status, opened_on, former_names, identifiers)
SELECT o.code, CASE WHEN n = 2 THEN o.facts_from - 150 WHEN f.other < 0.4 THEN o.facts_from - 600 END, CASE WHEN n = 2 THEN o.facts_from - 1 ELSE o.facts_from - 151 END,
    now(), o.name || ' before ' || n, o.level, CASE WHEN o.kind = 'practice' AND random() < 0.8 THEN 'n-' || 1 + floor(random() * 12)::int
        WHEN o.kind IN ('practice', 'network') THEN 'y-' || 1 + floor(random() * 3)::int ELSE o.parent END,
    CASE WHEN o.kind IN ('practice', 'network') AND random() < 0.5 THEN 'z-' || 1 + floor(random() * 3)::int END, CASE WHEN random() < 0.1 THEN 'closed' ELSE 'active' END,
    o.opened_on, '{}', '[]'
FROM organisation o JOIN fate f ON f.code = o.code CROSS JOIN generate_series(1, 2) n WHERE f.past < 0.5;
INSERT INTO organisation_past (code, to_on, recorded_at, superseded_at, name, level, parent, status, former_names, identifiers)
SELECT code, '2030-01-01', now(), now(), 'Never', level, 'y-1', 'active', '{}', '[]' FROM fate JOIN organisation USING (code) WHERE past < 0.3;
INSERT INTO organisation_coming SELECT code, date '2026-12-01' + floor(random() * 200)::int, jsonb_build_object('name', code || ' later', 'status', 'closed'), now()
FROM fate WHERE coming < 0.3;
INSERT INTO organisation_coming SELECT code, date '2027-07-01' + floor(random() * 200)::int, jsonb_build_object('parent', CASE kind WHEN 'practice'
    THEN 'n-' || 1 + floor(random() * 12)::int ELSE 'y-' || 1 + floor(random() * 3)::int END), now() FROM fate WHERE coming BETWEEN 0.2 AND 0.5 AND kind IN ('practice', 'network');
INSERT INTO organisation_coming SELECT code, date '2028-03-01' + floor(random() * 200)::int, jsonb_build_object('place', CASE WHEN random() < 0.7
    THEN 'z-' || 1 + floor(random() * 3)::int END), now() FROM fate WHERE coming BETWEEN 0.4 AND 0.6 AND kind IN ('practice', 'network');
INSERT INTO membership (practice, network, from_on, to_on) SELECT code, 'n-' || 1 + floor(random() * 12)::int, day, CASE WHEN other < 0.5 THEN day + 400 END
FROM fate WHERE kind = 'practice' AND past < 0.8;
INSERT INTO membership (practice, network, from_on) SELECT practice, 'n-' || 1 + floor(random() * 12)::int, to_on + 100 FROM membership WHERE to_on IS NOT NULL;

-- ---- what must be told ----
CREATE FUNCTION model_on(day date) RETURNS SETOF organisation STABLE LANGUAGE sql AS $$
    SELECT f.*
    FROM organisation o
    LEFT JOIN organisation_past p ON p.code = o.code AND p.superseded_at IS NULL AND daterange(p.from_on, p.to_on, '[]') @> day
    LEFT JOIN LATERAL (SELECT max(c.from_on) AS from_on, jsonb_object_agg(e.key, e.value ORDER BY c.from_on) AS changes
        FROM organisation_coming c, jsonb_each(c.changes) e WHERE c.code = o.code AND c.from_on <= day) c ON true
    CROSS JOIN LATERAL jsonb_populate_record(o, CASE WHEN p.code IS NOT NULL
        THEN to_jsonb(p) - 'from_on' - 'to_on' - 'recorded_at' - 'superseded_at' || jsonb_build_object('facts_from', p.from_on, 'facts_recorded_at', p.recorded_at)
        WHEN c.changes IS NOT NULL THEN c.changes || jsonb_build_object('facts_from', c.from_on) ELSE '{}' END) f
    WHERE (p.code IS NOT NULL OR o.facts_from IS NULL OR o.facts_from <= day) AND (f.opened_on IS NULL OR f.opened_on <= day OR f.status = 'proposed')
$$;
CREATE FUNCTION model_kin(day date, today date)
    RETURNS TABLE (code text, name text, kind text, level text, status text, parent text, place text, network text, open boolean,
        stated_population bigint, stated_practice_count bigint, source text)
    STABLE ROWS 5000 LANGUAGE sql
BEGIN ATOMIC
    SELECT o.code, o.name, o.kind, o.level, o.status,
        CASE WHEN m.network IS NOT NULL THEN m.network
             WHEN EXISTS (SELECT FROM membership e WHERE e.practice = o.code COLLATE "default" AND e.network = p.code) THEN p.parent
             ELSE o.parent END,
        o.place, m.network, o.status <> 'proposed' AND (o.closed_on IS NULL OR o.closed_on > coalesce(day, today)),
        o.stated_population, o.stated_practice_count, o.source
    FROM model_on(day) o
    LEFT JOIN membership m ON m.practice = o.code COLLATE "default" AND o.kind = 'practice' AND m.from_on <= coalesce(day, today)
        AND (m.to_on IS NULL OR m.to_on >= coalesce(day, today))
    LEFT JOIN organisation p ON p.code = o.parent AND p.kind = 'network' AND o.kind = 'practice' AND m.network IS NULL;
END;


ANALYZE;
CREATE TEMP TABLE days AS SELECT d::date AS day FROM generate_series(date '2020-06-01', date '2028-12-01', interval '293 days') d;
CREATE TEMP TABLE model AS SELECT d.day, o.* FROM days d, model_on(d.day) o;
CREATE TABLE kin_of_days AS SELECT d.day, k.* FROM days d, model_kin(d.day, d.day) k;
CREATE FUNCTION model_tree(root text, day date, placed boolean, deepest integer)
    RETURNS TABLE (code text, name text, kind text, level text, status text, depth integer, path text[]) STABLE LANGUAGE sql AS $$
    WITH RECURSIVE kin AS MATERIALIZED (SELECT k.* FROM kin_of_days k WHERE k.day = model_tree.day),
    edge AS MATERIALIZED (
        SELECT k.code, k.name, k.kind, k.level, k.status,
            CASE WHEN NOT placed THEN k.parent WHEN n.code IS NOT NULL AND (k.place IS NULL OR k.place = n.place) THEN n.code
                 WHEN k.place IS NOT NULL THEN k.place WHEN k.kind = 'local-authority' THEN k.parent END AS up
        FROM kin k LEFT JOIN kin n ON n.code = k.parent AND n.kind = 'network' AND k.kind = 'practice'),
    down (code, name, kind, level, status, depth, path) AS (
        SELECT e.code, e.name, e.kind, e.level, e.status, 0, ARRAY[e.code COLLATE "C"] FROM edge e WHERE e.code = root
        UNION ALL
        SELECT e.code, e.name, e.kind, e.level, e.status, t.depth + 1, t.path || (e.code COLLATE "C")
        FROM down t JOIN edge e ON e.up = t.code WHERE t.depth < deepest AND e.code COLLATE "C" <> ALL (t.path))
    SELECT d.code, d.name, d.kind, d.level, d.status, d.depth, d.path FROM down d;
$$;
ANALYZE kin_of_days;
ANALYZE model;
