-- How long people wait, and how much practices differ in referring: counts alone, by functions that see all that was referred and tell how many.

INSERT INTO referral_rule (code, days, source, confidence) VALUES
    ('fifty-two-weeks', 364, 'NHS England: referral to treatment, waits of more than 52 weeks', 'verified'),
    ('two-week-wait', 14, 'NHS Constitution: two weeks from an urgent referral for suspected cancer', 'verified');

-- For which share of all a span is to be kept (thousandths). Spans without a row are to be kept for everybody.
CREATE TABLE wait_standard (
    rule text COLLATE "C" PRIMARY KEY REFERENCES referral_rule (code),
    share_thousandths integer NOT NULL CHECK (share_thousandths BETWEEN 1 AND 1000)
);
INSERT INTO wait_standard VALUES ('referral-to-treatment', 920);

CREATE TABLE variation_rule (
    code text COLLATE "C" PRIMARY KEY,
    value integer NOT NULL,
    source some_text NOT NULL,
    confidence confidence NOT NULL
);
INSERT INTO variation_rule VALUES ('least-shown', 5, 'Ours: counts from 1 to 4 are not shown; no document says it', 'unconfirmed');

GRANT SELECT ON wait_standard, variation_rule TO :app;

CREATE INDEX referral_by_submission ON referral (referrer, submitted_at) WHERE submitted_at IS NOT NULL;

-- Waits below an organisation that the told caller reaches, at the end of a day: by who refers or who performs, and specialty; by specialty; of all.
-- Without the clock, that of today's two-week waits. Nothing where it is out of reach.
CREATE FUNCTION waits_counted(area text, by_performer boolean, day date, at timestamptz, of_specialty text, with_synthetic boolean)
    RETURNS TABLE (organisation text, specialty text, incomplete bigint, within bigint, beyond_long bigint, longest integer,
        two_week_waits bigint, two_week_breaches bigint) STABLE SECURITY DEFINER LANGUAGE sql
BEGIN ATOMIC
    WITH below AS MATERIALIZED (SELECT r.organisation FROM reach r WHERE r.above = area AND told_reach(area)),
    span AS MATERIALIZED (SELECT max(u.days) FILTER (WHERE u.code = 'referral-to-treatment') AS standard,
            max(u.days) FILTER (WHERE u.code = 'fifty-two-weeks') AS longer, max(u.days) FILTER (WHERE u.code = 'two-week-wait') AS two_weeks
        FROM referral_rule u),
    own AS NOT MATERIALIZED (SELECT r.id, b.organisation, r.specialty, r.state, r.priority, r.submitted_at, r.appointment, r.booked_for
        FROM below b JOIN referral r ON b.organisation = CASE WHEN by_performer THEN r.performer ELSE r.referrer END
        WHERE r.submitted_at IS NOT NULL AND (of_specialty IS NULL OR r.specialty = of_specialty COLLATE "C")
          AND (with_synthetic OR NOT r.synthetic)),
    waiting AS (SELECT o.organisation, o.specialty, waits_counted.day - c.started_on AS days, NULL::integer AS two_weeks
        FROM own o JOIN referral_clock c ON c.referral = o.id
        WHERE coalesce(c.continued_on, c.started_on) <= waits_counted.day AND (c.stopped_on IS NULL OR c.stopped_on > waits_counted.day)
        UNION ALL
        -- Seen is who came to an appointment of this platform, or whose appointment elsewhere has begun.
        SELECT o.organisation, o.specialty, NULL, waits_counted.day - (o.submitted_at AT TIME ZONE 'Europe/London')::date
        FROM own o LEFT JOIN appointment a ON a.id = o.appointment
        WHERE waits_counted.day = (waits_counted.at AT TIME ZONE 'Europe/London')::date AND o.priority = 'two-week-wait'
          AND o.state IN ('triage', 'accepted', 'deferred', 'booked')
          AND NOT (o.state = 'booked' AND coalesce(a.status IN ('arrived', 'completed'), o.booked_for <= waits_counted.at, false)))
    SELECT w.organisation, w.specialty, count(w.days), count(*) FILTER (WHERE w.days <= s.standard),
        count(*) FILTER (WHERE w.days > s.longer), max(w.days), count(w.two_weeks), count(*) FILTER (WHERE w.two_weeks > s.two_weeks)
    FROM waiting w CROSS JOIN span s GROUP BY GROUPING SETS ((w.organisation, w.specialty), (w.specialty), ())
    HAVING EXISTS (SELECT FROM below);
END;

-- Bands of sex (female, male, not recorded) and age (0 to 4, then to 14, 24, … 84, and all above), from 0 on.
CREATE FUNCTION age_sex_band(birth_date date, sex text, day date) RETURNS integer IMMUTABLE LANGUAGE sql
    RETURN width_bucket(extract(year FROM age(day::timestamp, birth_date::timestamp))::integer, ARRAY[5, 15, 25, 35, 45, 55, 65, 75, 85])
        + CASE sex WHEN 'female' THEN 0 WHEN 'male' THEN 10 ELSE 20 END;

-- People and submitted referrals of the open practices below an organisation, by band; of all others of the reference together. Nothing where
-- one of both is out of the told caller's reach. `split_on`: the day on which something begins that is to be compared with before.
CREATE FUNCTION variation_counted(area text, reference text, from_on date, to_on date, split_on date, of_specialty text, with_synthetic boolean)
    RETURNS TABLE (organisation text, name text, bands jsonb) STABLE SECURITY DEFINER LANGUAGE sql
    -- Many meet many: how few a table without statistics seems to have must not make it a loop in a loop.
    SET enable_nestloop = off
BEGIN ATOMIC
    WITH practice AS MATERIALIZED (SELECT o.code, o.name, EXISTS (SELECT FROM reach a WHERE a.organisation = o.code AND a.above = area) AS inside
        FROM reach r JOIN organisation o ON o.code = r.organisation
        WHERE r.above = reference AND o.kind = 'practice' AND o.status = 'active' AND told_reach(area) AND told_reach(reference)),
    counted AS (SELECT CASE WHEN p.inside THEN p.code END AS code, age_sex_band(t.birth_date, t.sex, d.day) AS band,
            (d.what = 1)::integer AS people, (d.what = 2)::integer AS earlier, 0 AS events, 0 AS before
        FROM practice p JOIN registration g ON g.practice = p.code JOIN patient t ON t.id = g.patient
        CROSS JOIN LATERAL (VALUES (1, variation_counted.to_on), (2, variation_counted.split_on - 1)) AS d (what, day)
        WHERE g.from_on <= d.day AND (g.to_on IS NULL OR g.to_on >= d.day) AND t.merged_into IS NULL AND (with_synthetic OR NOT t.synthetic)
        UNION ALL
        SELECT CASE WHEN p.inside THEN p.code END, age_sex_band(t.birth_date, t.sex, s.day), 0, 0, 1, (s.day < variation_counted.split_on)::integer
        FROM practice p JOIN referral r ON r.referrer = p.code JOIN patient t ON t.id = r.patient
        CROSS JOIN LATERAL (SELECT (r.submitted_at AT TIME ZONE 'Europe/London')::date AS day) s
        WHERE r.submitted_at >= variation_counted.from_on::timestamp AT TIME ZONE 'Europe/London'
          AND r.submitted_at < (variation_counted.to_on + 1)::timestamp AT TIME ZONE 'Europe/London'
          AND (of_specialty IS NULL OR r.specialty = of_specialty COLLATE "C") AND (with_synthetic OR NOT r.synthetic)),
    summed AS (SELECT c.code, c.band, sum(c.people) AS people, sum(c.earlier) AS earlier, sum(c.events) AS events, sum(c.before) AS before
        FROM counted c GROUP BY c.code, c.band),
    told AS (SELECT s.code, jsonb_agg(jsonb_build_object('band', s.band, 'people', s.people, 'earlier', s.earlier, 'events', s.events,
            'before', coalesce(s.before, 0)) ORDER BY s.band) AS bands FROM summed s GROUP BY s.code)
    SELECT p.code, p.name, t.bands FROM practice p LEFT JOIN told t ON t.code = p.code WHERE p.inside
    UNION ALL SELECT NULL, NULL, t.bands FROM told t WHERE t.code IS NULL;
END;
