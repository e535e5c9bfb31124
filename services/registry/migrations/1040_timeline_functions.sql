-- What statements share about facts over time. The contract's messages go in and out as JSON, whose names are lowerCamelCase; changes to
-- come are kept under the names of columns.

-- Whether something is on record that few have: a change to come, a predecessor or a successor. Who reads an organisation looks for them only
-- where this says so; once true it stays.
-- Functions on rows of the table stand in the way of a further column; they are made anew below.
DROP FUNCTION organisation_json(organisation);
DROP FUNCTION organisations_on(date);
ALTER TABLE organisation ADD COLUMN linked boolean NOT NULL DEFAULT false;

CREATE FUNCTION link_organisation() RETURNS trigger LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    UPDATE organisation SET linked = true WHERE code = NEW.code AND NOT linked;
    RETURN NULL;
END $$;
CREATE TRIGGER link AFTER INSERT ON organisation_coming FOR EACH ROW EXECUTE FUNCTION link_organisation();

CREATE FUNCTION link_successors() RETURNS trigger LANGUAGE plpgsql SET search_path = :schema, pg_temp AS $$
BEGIN
    UPDATE organisation SET linked = true WHERE code IN (NEW.predecessor, NEW.successor) AND NOT linked;
    RETURN NULL;
END $$;
CREATE TRIGGER link AFTER INSERT ON succession FOR EACH ROW EXECUTE FUNCTION link_successors();

CREATE FUNCTION json_name(column_name text) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT string_agg(CASE WHEN w.n = 1 THEN w.word ELSE upper(left(w.word, 1)) || substr(w.word, 2) END, '' ORDER BY w.n)
    FROM unnest(string_to_array(column_name, '_')) WITH ORDINALITY w (word, n);
END;

CREATE FUNCTION column_name(json_name text) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT lower(regexp_replace(json_name, '([A-Z])', '_\1', 'g'));
END;

CREATE FUNCTION instant_text(at timestamptz) RETURNS text IMMUTABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
END;

-- Changes to come, as a list of ComingChange by day; NULL for none.
CREATE FUNCTION coming_json(organisation_code text) RETURNS json STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT json_agg(json_build_object('from', c.from_on, 'recordedAt', instant_text(c.recorded_at),
            'changes', (SELECT jsonb_object_agg(json_name(e.key), e.value) FROM jsonb_each(c.changes) e)) ORDER BY c.from_on)
    FROM organisation_coming c WHERE c.code = organisation_code;
END;

-- The facts of a span of the past as the contract's Organisation.
CREATE FUNCTION past_facts_json(p organisation_past) RETURNS json STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT json_strip_nulls(json_build_object('code', p.code, 'name', p.name, 'level', p.level, 'parent', p.parent, 'place', p.place,
        'status', p.status, 'openedOn', p.opened_on, 'closedOn', p.closed_on, 'formerNames', p.former_names, 'identifiers', p.identifiers,
        'statedPopulation', p.stated_population, 'statedPracticeCount', p.stated_practice_count, 'source', p.source, 'notes', p.notes,
        'payee', p.payee, 'mappedArea', p.mapped_area, 'agreementOn', p.agreement_on));
END;

-- What held before, as a list of HistoryEntry by first day; with what turned out never to have held where that is asked for.
CREATE FUNCTION past_json(organisation_code text, with_superseded boolean) RETURNS json STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT json_agg(json_strip_nulls(json_build_object('from', p.from_on, 'to', p.to_on, 'recordedAt', instant_text(p.recorded_at),
            'endRecordedAt', instant_text(p.end_recorded_at), 'supersededAt', instant_text(p.superseded_at),
            'supersededBy', p.superseded_by, 'organisation', past_facts_json(p)))
            ORDER BY p.from_on NULLS FIRST, p.recorded_at)
    FROM organisation_past p WHERE p.code = organisation_code AND (with_superseded OR p.superseded_at IS NULL);
END;

-- The last day of the facts that hold from a day on (NULL: since ever), by what is on record; NULL until further notice.
CREATE FUNCTION facts_to(organisation_code text, facts_from date) RETURNS date STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT min(n.from_on) - 1
    FROM (SELECT p.from_on FROM organisation_past p WHERE p.code = organisation_code COLLATE "C" AND p.superseded_at IS NULL
          UNION ALL SELECT o.facts_from FROM organisation o WHERE o.code = organisation_code
          UNION ALL SELECT c.from_on FROM organisation_coming c WHERE c.code = organisation_code) n (from_on)
    WHERE n.from_on > coalesce(facts_to.facts_from, '-infinity');
END;

-- Who went before and who goes on after, by what was so on the day; NULL: by all that is on record.
CREATE FUNCTION predecessors_on(organisation_code text, day date) RETURNS text[] STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT array_agg(s.predecessor ORDER BY s.on_day, s.predecessor) FROM succession s
    WHERE s.successor = organisation_code AND (day IS NULL OR s.on_day <= day);
END;

CREATE FUNCTION successors_on(organisation_code text, day date) RETURNS text[] STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT array_agg(s.successor ORDER BY s.on_day, s.successor) FROM succession s
    WHERE s.predecessor = organisation_code AND (day IS NULL OR s.on_day <= day);
END;

-- As before, with all that an organisation shows now. Nulls within changes to come say something and stay.
CREATE FUNCTION organisation_json(o organisation) RETURNS json STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT (jsonb_strip_nulls(jsonb_build_object('code', o.code, 'name', o.name, 'kind', o.kind, 'level', o.level, 'parent', o.parent,
        'place', o.place, 'status', o.status, 'openedOn', o.opened_on, 'closedOn', o.closed_on, 'formerNames', o.former_names,
        'identifiers', o.identifiers, 'statedPopulation', o.stated_population, 'statedPracticeCount', o.stated_practice_count,
        'source', o.source, 'notes', o.notes, 'version', o.version, 'payee', o.payee, 'mappedArea', o.mapped_area,
        'agreementOn', o.agreement_on, 'factsFrom', o.facts_from, 'createdAt', instant_text(o.created_at),
        'updatedAt', instant_text(o.updated_at), 'predecessors', predecessors_on(o.code, NULL),
        'successors', successors_on(o.code, NULL)))
        || CASE WHEN EXISTS (SELECT FROM organisation_coming c WHERE c.code = o.code)
            THEN jsonb_build_object('coming', coming_json(o.code)) ELSE '{}' END)::json;
END;

-- What is there on a day with its facts of that day, as rows of `organisation`, in three parts, so that a condition on the code, the parent or
-- the place reaches the indexes of each, and each can be walked in the order of codes. NULL is today as it stands. Before it opens one is
-- there where it is proposed on the day.

-- What is in force then and now.
CREATE FUNCTION standing_on(day date) RETURNS SETOF organisation STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT o.* FROM organisation o
    WHERE day IS NULL
       OR ((o.facts_from IS NULL OR o.facts_from <= day) AND (o.opened_on IS NULL OR o.opened_on <= day OR o.status = 'proposed')
           AND NOT (o.linked AND EXISTS (SELECT FROM organisation_coming c
                                         WHERE c.code = o.code COLLATE "default" AND c.from_on <= day OFFSET 0)));
END;

-- What held then and no longer does.
CREATE FUNCTION past_on(day date) RETURNS SETOF organisation STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT o.code, p.name, o.kind, p.level, p.parent, p.place, p.status, p.opened_on, p.closed_on, p.former_names, p.identifiers,
        p.stated_population, p.stated_practice_count, p.source, p.notes, p.payee, o.version, o.created_at, o.updated_at,
        p.from_on, p.recorded_at, p.mapped_area, p.agreement_on, o.linked
    FROM organisation_past p JOIN organisation o ON o.code = p.code COLLATE "C"
    WHERE day IS NOT NULL AND p.superseded_at IS NULL AND (p.from_on IS NULL OR p.from_on <= day)
      AND coalesce(p.to_on, 'infinity') >= day AND (p.opened_on IS NULL OR p.opened_on <= day OR p.status = 'proposed');
END;

-- What will hold by changes to come, which few have.
CREATE FUNCTION coming_on(day date) RETURNS SETOF organisation STABLE ROWS 10 LANGUAGE sql
BEGIN ATOMIC
    SELECT o.code, r.name, o.kind, r.level, r.parent, r.place, r.status, r.opened_on, r.closed_on, coalesce(r.former_names, '{}'),
        coalesce(r.identifiers, '[]'), r.stated_population, r.stated_practice_count, r.source, r.notes, r.payee, o.version, o.created_at,
        o.updated_at, c.from_on, c.recorded_at, r.mapped_area, r.agreement_on, o.linked
    FROM (SELECT DISTINCT c.code FROM organisation_coming c WHERE c.from_on <= day) due
    JOIN organisation o ON o.code = due.code COLLATE "C"
    CROSS JOIN LATERAL (SELECT max(c.from_on) AS from_on, max(c.recorded_at) AS recorded_at,
            jsonb_object_agg(e.key, e.value ORDER BY c.from_on) AS changes
        FROM organisation_coming c CROSS JOIN LATERAL jsonb_each(c.changes) e
        WHERE c.code = o.code COLLATE "default" AND c.from_on <= day) c
    CROSS JOIN LATERAL jsonb_populate_record(o, c.changes) r
    WHERE day IS NOT NULL AND (o.facts_from IS NULL OR o.facts_from <= day)
      AND (r.opened_on IS NULL OR r.opened_on <= day OR r.status = 'proposed');
END;

CREATE FUNCTION organisations_on(day date) RETURNS SETOF organisation STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT s.* FROM standing_on(day) s UNION ALL SELECT p.* FROM past_on(day) p UNION ALL SELECT c.* FROM coming_on(day) c;
END;

-- ---- trees of another day ----

-- within_reach() by the facts of a day.
CREATE FUNCTION within_reach_on(below text, organisations text[], on_day date) RETURNS boolean STABLE LANGUAGE sql
BEGIN ATOMIC
    WITH RECURSIVE upward (code) AS (
        SELECT below
        UNION
        SELECT step.code
        FROM upward
        CROSS JOIN LATERAL (SELECT o.code, o.parent, o.place FROM organisations_on(on_day) o WHERE o.code = upward.code) o
        CROSS JOIN LATERAL (
            SELECT o.parent
            UNION ALL SELECT o.place
            UNION ALL SELECT m.network FROM membership m
                      WHERE m.practice = o.code AND m.from_on <= on_day AND (m.to_on IS NULL OR m.to_on >= on_day)
        ) AS step (code)
        WHERE step.code IS NOT NULL
    )
    SELECT EXISTS (SELECT FROM upward WHERE upward.code = ANY (organisations));
END;

-- Whether an organisation that gets another above it from a day on would lie above that one: on that day, today, or on any day to come on
-- which a tree changes by what is on record.
CREATE FUNCTION closes_circle(above text, below text, from_day date, today date) RETURNS boolean STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT above IS NOT NULL AND (
        (from_day <= today AND within_reach(above, ARRAY[below], today))
        OR (from_day <> today AND within_reach_on(above, ARRAY[below], from_day))
        OR EXISTS (SELECT FROM (SELECT DISTINCT c.from_on FROM organisation_coming c
                                WHERE c.from_on > from_day AND (c.changes ? 'parent' OR c.changes ? 'place')) d
                   WHERE within_reach_on(above, ARRAY[below], d.from_on)));
END;

-- The first day on which an organisation is closed by what is on record; NULL for none.
CREATE FUNCTION closed_from(organisation_code text) RETURNS date STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN o.status = 'closed' THEN coalesce(o.closed_on, o.facts_from)
        ELSE (SELECT min(c.from_on) FROM organisation_coming c WHERE c.code = o.code AND c.changes ->> 'status' = 'closed') END
    FROM organisation o WHERE o.code = organisation_code;
END;

-- ---- what a save writes, out of a list of the store's message Timeline ----

-- The facts of an Organisation's JSON as columns.
CREATE FUNCTION facts_of(j jsonb)
    RETURNS TABLE (name text, level text, parent text, place text, status text, opened_on date, closed_on date, former_names text[],
        identifiers jsonb, stated_population bigint, stated_practice_count bigint, source text, notes text, payee text, mapped_area text,
        agreement_on date)
    IMMUTABLE ROWS 1 LANGUAGE sql
BEGIN ATOMIC
    SELECT f.name, f.level, f.parent, f.place, f.status, f."openedOn", f."closedOn", coalesce(f."formerNames", '{}'),
        coalesce(f.identifiers, '[]'), f."statedPopulation", f."statedPracticeCount", f.source, f.notes, f.payee, f."mappedArea",
        f."agreementOn"
    FROM jsonb_to_record(j) AS f (name text, level text, parent text, place text, status text, "openedOn" date, "closedOn" date,
        "formerNames" text[], identifiers jsonb, "statedPopulation" bigint, "statedPracticeCount" bigint, source text, notes text,
        payee text, "mappedArea" text, "agreementOn" date);
END;

-- Spans of the past that end otherwise.
CREATE FUNCTION past_ends(j jsonb)
    RETURNS TABLE (from_on date, to_on date, end_recorded_at timestamptz, superseded_at timestamptz, superseded_by text)
    IMMUTABLE ROWS 2 LANGUAGE sql
BEGIN ATOMIC
    SELECT e."from", e."to", e."endRecordedAt", e."supersededAt", e."supersededBy"
    FROM jsonb_to_recordset(j) AS e ("from" date, "to" date, "endRecordedAt" timestamptz, "supersededAt" timestamptz, "supersededBy" text);
END;

-- Further spans of the past.
CREATE FUNCTION past_rows(organisation_code text, j jsonb) RETURNS SETOF organisation_past IMMUTABLE ROWS 2 LANGUAGE sql
BEGIN ATOMIC
    SELECT organisation_code, e."from", e."to", e."recordedAt", e."endRecordedAt", e."supersededAt", e."supersededBy", f.name::some_text,
        f.level::organisation_level, f.parent, f.place, f.status::organisation_status, f.opened_on, f.closed_on, f.former_names,
        f.identifiers, f.stated_population::whole_count, f.stated_practice_count::whole_count, f.source, f.notes, f.payee, f.mapped_area, f.agreement_on
    FROM jsonb_to_recordset(j) AS e ("from" date, "to" date, "recordedAt" timestamptz, "endRecordedAt" timestamptz,
        "supersededAt" timestamptz, "supersededBy" text, organisation jsonb)
    CROSS JOIN LATERAL facts_of(e.organisation) f;
END;

-- Changes to come.
CREATE FUNCTION coming_rows(organisation_code text, j jsonb) RETURNS SETOF organisation_coming IMMUTABLE ROWS 1 LANGUAGE sql
BEGIN ATOMIC
    SELECT organisation_code, e."from", (SELECT jsonb_object_agg(column_name(c.key), c.value) FROM jsonb_each(e.changes) c),
        e."recordedAt"
    FROM jsonb_to_recordset(j) AS e ("from" date, "recordedAt" timestamptz, changes jsonb);
END;
