-- The registry as files. A view for each file: its columns are the fields of the file's row in proto/pcn/registry/v1/files.proto, by name
-- and in their order, and absent fields are NULL. All the rest is made of their names and types, so a file cannot drift from its view; a
-- test holds the views against the contract.

CREATE VIEW export_organisations AS
SELECT o.code, o.name, o.kind, o.level, o.parent, o.place, o.status, o.opened_on, o.closed_on,
    to_json(nullif(o.former_names, '{}')) AS former_names,
    CASE WHEN o.identifiers <> '[]' THEN
        (SELECT '[' || string_agg('{' || concat_ws(',', '"system":' || (i.data -> 'system')::text, '"value":' || (i.data -> 'value')::text,
             '"from":' || (i.data -> 'from')::text, '"to":' || (i.data -> 'to')::text) || '}', ',' ORDER BY i.place) || ']'
         FROM jsonb_array_elements(o.identifiers) WITH ORDINALITY i (data, place))::json END AS identifiers,
    o.stated_population, o.stated_practice_count, o.payee, o.mapped_area, o.agreement_on, o.source, o.notes, o.facts_from,
    coalesce(o.facts_recorded_at, o.created_at) AS recorded_at
FROM organisation o;

CREATE VIEW export_past AS
SELECT p.code, p.from_on AS "from", p.to_on AS "to", p.recorded_at, p.superseded_at, p.name, p.level, p.parent, p.place, p.status,
    p.opened_on, p.closed_on, to_json(nullif(p.former_names, '{}')) AS former_names,
    CASE WHEN p.identifiers <> '[]' THEN
        (SELECT '[' || string_agg('{' || concat_ws(',', '"system":' || (i.data -> 'system')::text, '"value":' || (i.data -> 'value')::text,
             '"from":' || (i.data -> 'from')::text, '"to":' || (i.data -> 'to')::text) || '}', ',' ORDER BY i.place) || ']'
         FROM jsonb_array_elements(p.identifiers) WITH ORDINALITY i (data, place))::json END AS identifiers,
    p.stated_population, p.stated_practice_count, p.payee, p.mapped_area, p.agreement_on, p.source, p.notes, p.end_recorded_at,
    p.superseded_by
FROM organisation_past p;

CREATE VIEW export_coming AS
SELECT c.code, c.from_on AS "from", (SELECT jsonb_object_agg(json_name(e.key), e.value) FROM jsonb_each(c.changes) e) AS changes,
    c.recorded_at
FROM organisation_coming c;

CREATE VIEW export_successions AS
SELECT s.predecessor, s.successor, s.on_day AS "on", s.manner, s.source, s.recorded_at FROM succession s;

CREATE VIEW export_sub_groups AS
SELECT g.network, g.code, g.source FROM sub_group g;

CREATE VIEW export_memberships AS
SELECT m.network, m.practice, m.sub_group, m.from_on AS "from", m.to_on AS "to", nullif(m.from_assumed, false) AS from_assumed, m.source,
    m.recorded_at, m.end_recorded_at
FROM membership m;

CREATE VIEW export_directors AS
SELECT d.network, d.name, d.from_on AS "from", d.to_on AS "to", trim_scale(d.share)::text AS share,
    nullif(d.from_assumed, false) AS from_assumed, d.source, d.recorded_at,
    d.end_recorded_at
FROM director_term d;

CREATE VIEW export_waivers AS
SELECT w.network, w.from_on AS "from", w.to_on AS "to", w.reason, w.granted_by, w.source, w.recorded_at,
    w.end_recorded_at
FROM waiver w;

CREATE VIEW export_list_sizes AS
SELECT l.organisation, l.kind, nullif(l.sub_group, '') AS sub_group, l.as_of, nullif(l.synthetic, false) AS synthetic, l.count, l.source,
    l.recorded_at
FROM list_size l;

CREATE VIEW export_facts AS
SELECT f.organisation, f.fact, f.qualifier, f.value, f.unit, nullif(f.period, '') AS period, f.notes, f.source,
    f.recorded_at
FROM stated_fact f;

CREATE VIEW export_systems AS
SELECT y.practice, y.system, y.from_on AS "from", y.to_on AS "to", y.source, y.recorded_at,
    y.end_recorded_at
FROM system_profile y;

CREATE VIEW export_alignments AS
SELECT a.service, a.organisation, a.name, a.kind, a.provider, a.from_on AS "from", a.to_on AS "to", a.source,
    a.recorded_at, a.end_recorded_at
FROM alignment a;

CREATE VIEW export_sites AS
SELECT s.code, s.organisation, s.name, s.kind, s.address, s.tenure, s.floor_area, s.from_on AS "from", s.to_on AS "to", s.source, s.notes
FROM site s;

-- A number is written without zeros at its end, as it comes back.
CREATE VIEW export_superseded AS
SELECT s.code, s.kind, s.fact || CASE jsonb_typeof(s.fact -> 'share')
        WHEN 'number' THEN jsonb_build_object('share', trim_scale((s.fact ->> 'share')::numeric)) ELSE '{}' END AS fact,
    s.recorded_at, s.superseded_at, s.superseded_by
FROM superseded_fact s;

GRANT SELECT ON export_organisations, export_past, export_coming, export_successions, export_sub_groups, export_memberships,
    export_directors, export_waivers, export_list_sizes, export_facts, export_systems, export_alignments, export_sites, export_superseded
    TO :app;

-- The files in their order, with the order of their rows: by key, byte by byte, so that it is the same in every database.
CREATE FUNCTION export_files() RETURNS TABLE (number integer, file text, row_order text) IMMUTABLE ROWS 14 LANGUAGE sql
BEGIN ATOMIC
    VALUES (1, 'organisations', 'v.code COLLATE "C"'),
        (2, 'past', 'v.code COLLATE "C", v."from" NULLS FIRST, v.recorded_at, v::text COLLATE "C"'),
        (3, 'coming', 'v.code COLLATE "C", v."from"'),
        (4, 'successions', 'v.predecessor COLLATE "C", v.successor COLLATE "C"'),
        (5, 'sub_groups', 'v.network COLLATE "C", v.code COLLATE "C"'),
        (6, 'memberships', 'v.practice COLLATE "C", v.network COLLATE "C", v."from"'),
        (7, 'directors', 'v.network COLLATE "C", v.name COLLATE "C", v."from"'),
        (8, 'waivers', 'v.network COLLATE "C", v."from"'),
        (9, 'list_sizes', 'v.organisation COLLATE "C", v.kind COLLATE "C", v.sub_group COLLATE "C" NULLS FIRST, v.as_of, '
            'v.synthetic NULLS FIRST'),
        (10, 'facts', 'v.organisation COLLATE "C", v.fact COLLATE "C", v.qualifier COLLATE "C", v.period COLLATE "C" NULLS FIRST, '
            'v.source COLLATE "C"'),
        (11, 'systems', 'v.practice COLLATE "C", v."from"'),
        (12, 'alignments', 'v.service COLLATE "C", v.organisation COLLATE "C", v."from"'),
        (13, 'sites', 'v.code COLLATE "C"'),
        (14, 'superseded', 'v.code COLLATE "C", v.kind COLLATE "C", v.superseded_at, v::text COLLATE "C"');
END;

-- A cell by RFC 4180: in quotes only where it must be.
CREATE FUNCTION csv_cell(value text) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN strpos(value, ',') > 0 OR strpos(value, '"') > 0 OR strpos(value, E'\n') > 0 OR strpos(value, E'\r') > 0
        THEN '"' || replace(value, '"', '""') || '"' ELSE coalesce(value, '') END;
END;

-- What instant_text() gives, in a quarter of the time, of the text of a timestamp: only what ends in zeros lacks them there.
CREATE FUNCTION export_instant(plain text) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT replace(plain, ' ', 'T') || substr('.000000', octet_length(plain) - 18) || 'Z';
END;

-- As pb_json_write has it: without the spaces that PostgreSQL puts between texts.
CREATE FUNCTION export_json(value jsonb) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT regexp_replace(value::text, '("(?:[^"\\]|\\.)*")|([:,]) ', '\1\2', 'g');
END;

-- The columns of a file as SQL over a row v of its view: a cell, and a member with a comma before it. Text with nothing in it is no value,
-- since an empty cell is none.
CREATE FUNCTION export_columns(of_file text) RETURNS TABLE (place integer, name text, csv text, json text) STABLE LANGUAGE sql
    SET search_path = :schema, pg_temp
BEGIN ATOMIC
    SELECT a.attnum::integer, a.attname::text,
        CASE WHEN t.typcategory IN ('S', 'U') THEN format('csv_cell(%s)', x.value) ELSE format('coalesce(%s, %L)', x.value, '') END,
        format('coalesce(%L || ', ',' || to_json(json_name(a.attname::text))::text || ':')
            || CASE t.typcategory WHEN 'S' THEN format('to_json(nullif(%s, %L))::text', x.value, '')
                WHEN 'D' THEN format('%L || %s || %L', '"', x.value, '"')
                ELSE x.value END
            || format(', %L)', '')
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
    CROSS JOIN LATERAL (SELECT format(CASE a.atttypid WHEN 'timestamptz'::regtype THEN 'export_instant((v.%I AT TIME ZONE ''UTC'')::text)'
        WHEN 'jsonb'::regtype THEN 'export_json(v.%I)' ELSE 'v.%I::text' END, a.attname) AS value) x
    WHERE a.attrelid = to_regclass('export_' || of_file) AND a.attnum > 0 AND NOT a.attisdropped;
END;

-- One query for all files, so that they are of one moment: number, file, place, line, and the part that a line belongs to: rows that begin
-- within the same 64 KiB of rows. What stands before the first row is a line as well. OFFSET 0: a column of a view is worked out once,
-- however often its cell's SQL names it, and a line too.
CREATE FUNCTION export_query(of_format text) RETURNS text STABLE LANGUAGE sql SET search_path = :schema, pg_temp
BEGIN ATOMIC
    SELECT string_agg(format('SELECT %s AS number, %L AS file, 0::bigint AS place, %L AS line, 0::bigint AS part UNION ALL '
            'SELECT %s, %L, r.place, %s, (r.upto - octet_length(r.line)) / 65536 FROM ('
            'SELECT v.line, row_number() OVER w AS place, sum(octet_length(v.line)) OVER w AS upto '
            'FROM (SELECT v.*, %s AS line FROM (SELECT * FROM %I OFFSET 0) v OFFSET 0) v '
            'WINDOW w AS (ORDER BY %s ROWS UNBOUNDED PRECEDING)) r',
            f.number, f.file,
            CASE of_format WHEN 'csv' THEN c.names || E'\n'
                ELSE CASE f.number WHEN 1 THEN '{' ELSE E'\n],\n' END || to_json(json_name(f.file))::text || ':[' END,
            f.number, f.file,
            CASE of_format WHEN 'csv' THEN format('r.line || %L', E'\n')
                ELSE format('CASE r.place WHEN 1 THEN %L ELSE %L END || substr(r.line, 2) || %L', E'\n{', E',\n{', '}') END,
            CASE of_format WHEN 'csv' THEN c.csv ELSE c.json END, 'export_' || f.file, f.row_order),
        ' UNION ALL ' ORDER BY f.number)
    FROM export_files() f
    CROSS JOIN LATERAL (SELECT string_agg(e.name, ',' ORDER BY e.place) AS names, string_agg(e.csv, ' || '','' || ' ORDER BY e.place) AS csv,
            string_agg(e.json, ' || ' ORDER BY e.place) AS json
        FROM export_columns(f.file) e) c;
END;

-- An export on its way to whoever asked for it, in pieces of one file each. One that a crash took is made anew, so it is in no log.
CREATE UNLOGGED TABLE export_piece (
    export uuid NOT NULL,
    -- From 1.
    number integer NOT NULL,
    made_at timestamptz NOT NULL,
    file text NOT NULL,
    -- Bytes of the file before this piece, and all of them.
    start bigint NOT NULL,
    file_size bigint NOT NULL,
    -- Nothing follows.
    last boolean NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (export, number)
);
ALTER TABLE export_piece ALTER data SET STORAGE EXTERNAL;
GRANT SELECT, INSERT, DELETE ON export_piece TO :app;

-- Makes the pieces of an export and forgets those of old ones; NULL where too many are kept already.
CREATE FUNCTION make_export(of_format text, now timestamptz, kept interval, most integer) RETURNS uuid VOLATILE LANGUAGE plpgsql
    SET search_path = :schema, pg_temp SET datestyle = 'ISO, YMD' SET jit = off
    SET work_mem = '16MB' AS $$
DECLARE
    id uuid := gen_random_uuid();
BEGIN
    DELETE FROM export_piece p WHERE p.made_at <= now - kept;
    IF (SELECT count(*) FROM export_piece p WHERE p.number = 1) >= most THEN
        RETURN NULL;
    END IF;
    EXECUTE 'INSERT INTO export_piece (export, number, made_at, file, start, file_size, last, data) '
        'SELECT $1, p.number, $2, p.file, p.upto - octet_length(p.data), p.file_size, p.number = p.pieces, '
        '    p.data || CASE WHEN p.number = p.pieces THEN $3 ELSE '''' END '
        'FROM (SELECT g.file, g.data, row_number() OVER (ORDER BY g.number, g.part) AS number, count(*) OVER () AS pieces, '
        '          sum(octet_length(g.data)) OVER (PARTITION BY g.number ORDER BY g.part) AS upto, '
        '          sum(octet_length(g.data)) OVER (PARTITION BY g.number) AS file_size '
        '      FROM (SELECT l.number, l.file, l.part, string_agg(l.line, '''' ORDER BY l.place) AS data '
        '            FROM (' || export_query(of_format) || ') l GROUP BY l.number, l.file, l.part) g) p'
        USING id, now, CASE of_format WHEN 'json' THEN E'\n]}\n' ELSE '' END;
    RETURN id;
END $$;

-- The first piece of an export that is made for it, or another of one that was made. No row: it is forgotten; a row of NULLs: too many are
-- kept.
CREATE FUNCTION export_piece_of(of_format text, known uuid, wanted integer, now timestamptz, kept interval, most integer)
    RETURNS TABLE (export uuid, number integer, file text, start bigint, file_size bigint, last boolean, data text)
    VOLATILE ROWS 1 LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
DECLARE
    id uuid := coalesce(known, make_export(of_format, now, kept, most));
BEGIN
    IF id IS NULL THEN
        RETURN QUERY SELECT NULL::uuid, NULL::integer, NULL::text, NULL::bigint, NULL::bigint, NULL::boolean, NULL::text;
    END IF;
    RETURN QUERY SELECT p.export, p.number, p.file, p.start, p.file_size, p.last, p.data FROM export_piece p
        WHERE p.export = id AND p.number = coalesce(wanted, 1) AND p.made_at > now - kept;
END $$;
