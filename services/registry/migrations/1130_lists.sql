-- Lists of organisations, page by page, of a country as fast as of a county and of any day as fast as of today.

-- A text that is another one as soon as anything is recorded. How many events are committed, numbered or not, only grows, and with every
-- change; not so the greatest position, which a change that commits later stays below. What somebody changes by hand, without an event,
-- shows in the rows that were written, as soon as the session has told the statistics of it.
CREATE FUNCTION record_place() RETURNS text STABLE LANGUAGE plpgsql SET search_path = :schema, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN (SELECT s.epoch::text || '/' || s.head + (SELECT count(*) FROM event_queue) || '/' || (
            SELECT sum(pg_stat_get_tuples_inserted(r.id) + pg_stat_get_tuples_updated(r.id) + pg_stat_get_tuples_deleted(r.id))
            FROM unnest(ARRAY['organisation'::regclass, 'organisation_past'::regclass, 'organisation_coming'::regclass,
                'membership'::regclass, 'director_term'::regclass, 'list_size'::regclass, 'sub_group'::regclass, 'waiver'::regclass,
                'stated_fact'::regclass]) AS r (id))
        FROM log_state s);
END $$;

-- How many there are on a day, which only counting them all tells: kept with the place that it was counted at, for as long as the session
-- lives. What each list was counted for last is found by one of sixteen slots.
CREATE FUNCTION organisations_total(day date, of_kind text, of_level text, of_status text) RETURNS bigint STABLE LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
DECLARE
    list text := format('%s|%s|%s|%s|%s=', record_place(), day, of_kind, of_level, of_status);
    slot text := 'pcn.total' || (hashtext(concat_ws('|', day, of_kind, of_level, of_status)) & 15);
    kept text := current_setting(slot, true);
    total bigint;
BEGIN
    IF starts_with(kept, list) THEN
        RETURN substr(kept, length(list) + 1)::bigint;
    ELSIF day IS NOT NULL THEN
        SELECT count(*) INTO total FROM organisations_on(day) o WHERE (of_kind IS NULL OR o.kind = of_kind) AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status);
    ELSIF of_level IS NOT NULL OR of_status IS NOT NULL THEN
        SELECT count(*) INTO total FROM organisation o WHERE (of_kind IS NULL OR o.kind = of_kind) AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status);
    ELSIF of_kind IS NOT NULL THEN
        SELECT count(*) INTO total FROM organisation o WHERE o.kind = of_kind;
    ELSE
        SELECT count(*) INTO total FROM organisation;
    END IF;
    PERFORM set_config(slot, list || total, false);
    RETURN total;
END $$;

-- A page of what a search finds. What is found is placed and counted whole, which takes long where a word is in thousands of names: such words
-- are few and looked for often, so the last pages of more than they hold are kept as totals are.
CREATE FUNCTION organisations_searched(q text, day date, of_kind text, of_level text, of_status text, below text, token text, size integer)
    RETURNS TABLE (total_size bigint, distance integer, code text) STABLE ROWS 50 LANGUAGE plpgsql
    SET search_path = :schema, pg_temp AS $$
#variable_conflict use_column
DECLARE
    search text := concat_ws('|', day, of_kind, of_level, of_status, below, token, size, length(q), q);
    list text := format('%s|%s|%s|%s|%s|%s|%s|%s|%s|%s=', record_place(), day, of_kind, of_level, of_status, below, token, size, length(q), q);
    slot text := 'pcn.found' || (hashtext(search) & 127);
    kept text := current_setting(slot, true);
    after text COLLATE "C" := page_after(token);
    after_distance integer := page_after_distance(token);
    total bigint;
    distances integer[];
    codes text[];
BEGIN
    IF starts_with(kept, list) THEN
        kept := substr(kept, length(list) + 1);
        total := split_part(kept, ';', 1);
        distances := split_part(kept, ';', 2);
        codes := split_part(kept, ';', 3);
    ELSE
        WITH found AS MATERIALIZED (SELECT f.distance, f.code COLLATE "C" AS code
            FROM organisations_found(q, day, of_kind, of_level, of_status, below) f)
        SELECT (SELECT count(*) FROM found), array_agg(p.distance ORDER BY p.distance, p.code), array_agg(p.code ORDER BY p.distance, p.code)
        INTO total, distances, codes
        FROM (SELECT f.distance, f.code FROM found f
              WHERE after_distance < 0 OR f.distance > after_distance OR (f.distance = after_distance AND f.code > after)
              ORDER BY f.distance, f.code LIMIT size) p;
        IF total > cardinality(codes) THEN
            PERFORM set_config(slot, list || total || ';' || distances::text || ';' || codes::text, false);
        END IF;
    END IF;
    RETURN QUERY SELECT total, u.distance, u.code FROM (SELECT) t LEFT JOIN unnest(distances, codes) u (distance, code) ON true;
END $$;

-- A page of the list: the codes that come after the token's, and how many there are in all; one row without a code where the page is empty.
-- With a day those that stand, those of the past and those to come are walked in the order of codes, each as far as the page may need it.
-- What is below one is found by the indexes, what is looked for by organisations_found(). Each is a statement of its own, so that none is
-- made ready for another.
CREATE FUNCTION organisations_listed(q text, day date, of_kind text, of_level text, of_status text, below text, token text, size integer)
    RETURNS TABLE (total_size bigint, distance integer, code text) STABLE ROWS 50 LANGUAGE plpgsql
    SET search_path = :schema, pg_temp SET random_page_cost = 1 AS $$
#variable_conflict use_column
DECLARE
    after text COLLATE "C" := page_after(token);
    total bigint;
BEGIN
    IF q IS NOT NULL THEN
        RETURN QUERY SELECT f.total_size, f.distance, f.code
            FROM organisations_searched(q, day, of_kind, of_level, of_status, below, token, size) f;
        RETURN;
    ELSIF below IS NOT NULL THEN
        RETURN QUERY WITH found AS MATERIALIZED (SELECT o.code::text COLLATE "C" AS code FROM organisations_on(day) o
                WHERE (o.parent = below OR o.place = below) AND (of_kind IS NULL OR o.kind = of_kind) AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status))
            SELECT t.total, NULL::integer, p.code FROM (SELECT count(*) AS total FROM found) t
            LEFT JOIN (SELECT f.code FROM found f WHERE f.code > after ORDER BY f.code LIMIT size) p ON true;
        RETURN;
    END IF;
    total := organisations_total(day, of_kind, of_level, of_status);
    IF of_kind IS NULL THEN
        RETURN QUERY SELECT total, NULL::integer, p.code::text FROM (SELECT) t LEFT JOIN (SELECT x.code FROM (
                (SELECT o.code FROM standing_on(day) o WHERE o.code > after AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status) ORDER BY o.code LIMIT size)
                UNION ALL
                (SELECT o.code FROM past_on(day) o WHERE o.code > after AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status) ORDER BY o.code LIMIT size)
                UNION ALL
                (SELECT o.code FROM coming_on(day) o WHERE o.code > after AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status) ORDER BY o.code LIMIT size)
            ) x ORDER BY x.code LIMIT size) p ON true;
    ELSE
        RETURN QUERY SELECT total, NULL::integer, p.code::text FROM (SELECT) t LEFT JOIN (SELECT x.code FROM (
                (SELECT o.code FROM standing_on(day) o WHERE o.kind = of_kind AND o.code > after AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status) ORDER BY o.code LIMIT size)
                UNION ALL
                (SELECT o.code FROM past_on(day) o WHERE o.kind = of_kind AND o.code > after AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status) ORDER BY o.code LIMIT size)
                UNION ALL
                (SELECT o.code FROM coming_on(day) o WHERE o.kind = of_kind AND o.code > after AND (of_level IS NULL OR o.level = of_level) AND (of_status IS NULL OR o.status = of_status) ORDER BY o.code LIMIT size)
            ) x ORDER BY x.code LIMIT size) p ON true;
    END IF;
END $$;
