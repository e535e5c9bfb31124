-- What stands beside an organisation ends and is corrected; the history of all of it; networks by their payee.

-- When an end was recorded that was not known at first.
ALTER TABLE system_profile ADD COLUMN end_recorded_at timestamptz;
ALTER TABLE alignment ADD COLUMN end_recorded_at timestamptz;
ALTER TABLE waiver ADD COLUMN end_recorded_at timestamptz;

ALTER TABLE superseded_fact DROP CONSTRAINT superseded_fact_kind_check,
    ADD CONSTRAINT superseded_fact_kind_check
        CHECK (kind IN ('membership', 'director', 'list-size', 'fact', 'system', 'alignment', 'waiver'));
-- A membership is about the practice too.
CREATE INDEX superseded_fact_by_practice ON superseded_fact ((fact ->> 'practice')) WHERE kind = 'membership';

GRANT UPDATE, DELETE ON system_profile, alignment, waiver TO :app;
GRANT DELETE ON stated_fact TO :app;

-- Few name one, so a creation rarely writes them.
CREATE INDEX organisation_by_payee ON organisation (payee) WHERE payee IS NOT NULL;
CREATE INDEX organisation_past_by_payee ON organisation_past (payee) WHERE payee IS NOT NULL AND superseded_at IS NULL;

-- ---- history ----

CREATE FUNCTION facts_json(o organisation) RETURNS jsonb STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT jsonb_strip_nulls(jsonb_build_object('code', o.code, 'name', o.name, 'kind', o.kind, 'level', o.level, 'parent', o.parent,
        'place', o.place, 'status', o.status, 'openedOn', o.opened_on, 'closedOn', o.closed_on, 'formerNames', o.former_names,
        'identifiers', o.identifiers, 'statedPopulation', o.stated_population, 'statedPracticeCount', o.stated_practice_count,
        'source', o.source, 'notes', o.notes, 'payee', o.payee, 'mappedArea', o.mapped_area, 'agreementOn', o.agreement_on));
END;

-- Spans of an organisation's facts: what held before, what holds, what is to come, and what turned out never to have held.
CREATE FUNCTION facts_history(organisation_code text)
    RETURNS TABLE (from_on date, to_on date, recorded_at timestamptz, superseded_at timestamptz, superseded_by text,
        end_recorded_at timestamptz, organisation jsonb)
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT p.from_on, p.to_on, p.recorded_at, p.superseded_at, p.superseded_by, p.end_recorded_at,
        past_facts_json(p)::jsonb || jsonb_build_object('kind', o.kind)
    FROM organisation_past p JOIN organisation o ON o.code = p.code COLLATE "C" WHERE p.code = organisation_code
    UNION ALL
    SELECT o.facts_from, facts_to(o.code, o.facts_from), r.at, NULL, NULL,
        (SELECT CASE WHEN c.recorded_at > r.at THEN c.recorded_at END FROM organisation_coming c WHERE c.code = o.code COLLATE "default"
         ORDER BY c.from_on LIMIT 1),
        facts_json(o)
    FROM organisation o CROSS JOIN LATERAL (SELECT coalesce(o.facts_recorded_at, o.created_at) AS at) r WHERE o.code = organisation_code
    UNION ALL
    SELECT c.from_on, lead(c.from_on) OVER w - 1, c.recorded_at, NULL, NULL,
        CASE WHEN lead(c.recorded_at) OVER w > c.recorded_at THEN lead(c.recorded_at) OVER w END, facts_json(r)
    FROM organisation_coming c JOIN organisation o ON o.code = c.code COLLATE "C"
    CROSS JOIN LATERAL (SELECT jsonb_object_agg(e.key, e.value ORDER BY b.from_on) AS changes
        FROM organisation_coming b CROSS JOIN LATERAL jsonb_each(b.changes) e WHERE b.code = c.code AND b.from_on <= c.from_on) a
    CROSS JOIN LATERAL jsonb_populate_record(o, a.changes) r
    WHERE c.code = organisation_code WINDOW w AS (ORDER BY c.from_on);
END;

-- Everything that is or was on record about an organisation, each with the message of the contract that it is (`what`). A membership is
-- about the practice and the network. `key` tells rows of one first day and instant apart, and stays what it is when a row turns out to be
-- wrong, so that a page can go on after it.
CREATE FUNCTION history_of(organisation_code text)
    RETURNS TABLE (from_on date, to_on date, recorded_at timestamptz, superseded_at timestamptz, superseded_by text,
        end_recorded_at timestamptz, network text, what text, data jsonb, key text)
    STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT f.from_on, f.to_on, f.recorded_at, f.superseded_at, f.superseded_by, f.end_recorded_at, NULL::text, 'organisation',
        f.organisation, 'organisation'
    FROM facts_history(organisation_code) f
    UNION ALL
    SELECT m.from_on, m.to_on, m.recorded_at, m.superseded_at, m.superseded_by, m.end_recorded_at, m.network, 'member',
        jsonb_strip_nulls(jsonb_build_object('practice', m.practice, 'name', p.name, 'subGroup', m.sub_group, 'from', m.from_on,
            'to', m.to_on, 'source', m.source, 'fromAssumed', nullif(m.from_assumed, false))),
        'member' || md5(m.practice || '|' || m.network)
    FROM (SELECT r.practice, r.network, r.sub_group, r.from_on, r.to_on, r.source, r.from_assumed, r.recorded_at, r.end_recorded_at,
              NULL::timestamptz AS superseded_at, NULL::text AS superseded_by
          FROM membership r WHERE r.practice = organisation_code OR r.network = organisation_code
          UNION ALL
          SELECT r.practice, r.network, r.sub_group, r.from_on, r.to_on, r.source, r.from_assumed, s.recorded_at, r.end_recorded_at,
              s.superseded_at, s.superseded_by
          FROM superseded_fact s CROSS JOIN LATERAL jsonb_populate_record(NULL::membership, s.fact) r
          WHERE s.kind = 'membership' AND (s.code = organisation_code OR s.fact ->> 'practice' = organisation_code)) m
    LEFT JOIN organisation p ON p.code = m.practice COLLATE "C"
    UNION ALL
    SELECT d.from_on, d.to_on, d.recorded_at, d.superseded_at, d.superseded_by, d.end_recorded_at, NULL, 'director',
        jsonb_strip_nulls(jsonb_build_object('name', d.name, 'from', d.from_on, 'to', d.to_on, 'share', trim_scale(d.share)::text,
            'source', d.source, 'fromAssumed', nullif(d.from_assumed, false))),
        'director' || md5(d.name)
    FROM (SELECT r.name, r.from_on, r.to_on, r.share, r.source, r.from_assumed, r.recorded_at, r.end_recorded_at,
              NULL::timestamptz AS superseded_at, NULL::text AS superseded_by
          FROM director_term r WHERE r.network = organisation_code
          UNION ALL
          SELECT r.name, r.from_on, r.to_on, r.share, r.source, r.from_assumed, s.recorded_at, r.end_recorded_at, s.superseded_at,
              s.superseded_by
          FROM superseded_fact s CROSS JOIN LATERAL jsonb_populate_record(NULL::director_term, s.fact) r
          WHERE s.kind = 'director' AND s.code = organisation_code) d
    UNION ALL
    SELECT l.as_of, l.as_of, l.recorded_at, l.superseded_at, l.superseded_by, NULL, NULL, 'list-size',
        jsonb_strip_nulls(jsonb_build_object('organisation', l.organisation, 'kind', l.kind, 'count', l.count, 'asOf', l.as_of,
            'source', l.source, 'subGroup', nullif(l.sub_group, ''), 'synthetic', nullif(l.synthetic, false))),
        'list-size' || md5(concat_ws('|', l.kind, l.sub_group, l.synthetic))
    FROM (SELECT r.organisation, r.kind, r.sub_group, r.as_of, r.synthetic, r.count, r.source, r.recorded_at,
              NULL::timestamptz AS superseded_at, NULL::text AS superseded_by
          FROM list_size r WHERE r.organisation = organisation_code
          UNION ALL
          SELECT r.organisation, r.kind, r.sub_group, r.as_of, r.synthetic, r.count, r.source, s.recorded_at, s.superseded_at,
              s.superseded_by
          FROM superseded_fact s CROSS JOIN LATERAL jsonb_populate_record(NULL::list_size, s.fact) r
          WHERE s.kind = 'list-size' AND s.code = organisation_code) l
    UNION ALL
    SELECT NULL, NULL, f.recorded_at, f.superseded_at, f.superseded_by, NULL, NULL, 'fact',
        jsonb_strip_nulls(jsonb_build_object('organisation', f.organisation, 'fact', f.fact, 'qualifier', f.qualifier, 'value', f.value,
            'unit', f.unit, 'period', nullif(f.period, ''), 'notes', f.notes, 'source', f.source)),
        'fact' || md5(concat_ws('|', f.fact, f.qualifier, f.period, f.source))
    FROM (SELECT r.organisation, r.fact, r.qualifier, r.value, r.unit, r.period, r.notes, r.source, r.recorded_at,
              NULL::timestamptz AS superseded_at, NULL::text AS superseded_by
          FROM stated_fact r WHERE r.organisation = organisation_code
          UNION ALL
          SELECT r.organisation, r.fact, r.qualifier, r.value, r.unit, r.period, r.notes, r.source, s.recorded_at, s.superseded_at,
              s.superseded_by
          FROM superseded_fact s CROSS JOIN LATERAL jsonb_populate_record(NULL::stated_fact, s.fact) r
          WHERE s.kind = 'fact' AND s.code = organisation_code) f
    UNION ALL
    SELECT y.from_on, y.to_on, y.recorded_at, y.superseded_at, y.superseded_by, y.end_recorded_at, NULL, 'system',
        jsonb_strip_nulls(jsonb_build_object('practice', y.practice, 'system', y.system, 'from', y.from_on, 'to', y.to_on,
            'source', y.source)),
        'system'
    FROM (SELECT r.practice, r.system, r.from_on, r.to_on, r.source, r.recorded_at, r.end_recorded_at,
        NULL::timestamptz AS superseded_at, NULL::text AS superseded_by
          FROM system_profile r WHERE r.practice = organisation_code
          UNION ALL
          SELECT r.practice, r.system, r.from_on, r.to_on, r.source, s.recorded_at, r.end_recorded_at, s.superseded_at, s.superseded_by
          FROM superseded_fact s CROSS JOIN LATERAL jsonb_populate_record(NULL::system_profile, s.fact) r
          WHERE s.kind = 'system' AND s.code = organisation_code) y
    UNION ALL
    SELECT a.from_on, a.to_on, a.recorded_at, a.superseded_at, a.superseded_by, a.end_recorded_at, NULL, 'alignment',
        jsonb_strip_nulls(jsonb_build_object('service', a.service, 'name', a.name, 'kind', a.kind, 'provider', a.provider,
            'organisation', a.organisation, 'from', a.from_on, 'to', a.to_on, 'source', a.source)),
        'alignment' || md5(a.service)
    FROM (SELECT r.service, r.name, r.kind, r.provider, r.organisation, r.from_on, r.to_on, r.source, r.recorded_at, r.end_recorded_at,
              NULL::timestamptz AS superseded_at, NULL::text AS superseded_by
          FROM alignment r WHERE r.organisation = organisation_code
          UNION ALL
          SELECT r.service, r.name, r.kind, r.provider, r.organisation, r.from_on, r.to_on, r.source, s.recorded_at, r.end_recorded_at,
              s.superseded_at, s.superseded_by
          FROM superseded_fact s CROSS JOIN LATERAL jsonb_populate_record(NULL::alignment, s.fact) r
          WHERE s.kind = 'alignment' AND s.code = organisation_code) a
    UNION ALL
    SELECT w.from_on, w.to_on, w.recorded_at, w.superseded_at, w.superseded_by, w.end_recorded_at, NULL, 'waiver',
        jsonb_strip_nulls(jsonb_build_object('from', w.from_on, 'to', w.to_on, 'reason', w.reason, 'grantedBy', w.granted_by,
            'source', w.source)),
        'waiver'
    FROM (SELECT r.from_on, r.to_on, r.reason, r.granted_by, r.source, r.recorded_at, r.end_recorded_at,
        NULL::timestamptz AS superseded_at, NULL::text AS superseded_by
          FROM waiver r WHERE r.network = organisation_code
          UNION ALL
          SELECT r.from_on, r.to_on, r.reason, r.granted_by, r.source, s.recorded_at, r.end_recorded_at, s.superseded_at, s.superseded_by
          FROM superseded_fact s CROSS JOIN LATERAL jsonb_populate_record(NULL::waiver, s.fact) r
          WHERE s.kind = 'waiver' AND s.code = organisation_code) w;
END;
