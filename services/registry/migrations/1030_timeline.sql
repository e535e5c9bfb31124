-- When facts hold, and when they were recorded. `organisation` has the facts of today, in force from `facts_from` on. What held before, and
-- what turned out never to have held, is in `organisation_past`; what was recorded for a day to come is in `organisation_coming`.
-- A creation writes neither: it is as cheap as before.
ALTER TABLE organisation
    ADD COLUMN facts_from date,               -- NULL: since it opened, or since ever
    ADD COLUMN facts_recorded_at timestamptz, -- NULL: at its creation
    ADD COLUMN mapped_area text,
    ADD COLUMN agreement_on date;

CREATE TABLE organisation_past (
    code text NOT NULL REFERENCES organisation (code),
    -- First and last day; NULL has no end on that side.
    from_on date,
    to_on date,
    recorded_at timestamptz NOT NULL,
    -- When its last day was recorded, where that came later.
    end_recorded_at timestamptz,
    -- When it was found to be wrong; such facts never held. By what: they were corrected, or a change was learnt of only late.
    superseded_at timestamptz,
    superseded_by text CHECK (superseded_by IN ('correction', 'change')),
    name some_text NOT NULL,
    level organisation_level,
    parent text REFERENCES organisation (code),
    place text REFERENCES organisation (code),
    status organisation_status NOT NULL,
    opened_on date,
    closed_on date,
    former_names text[] NOT NULL,
    identifiers jsonb NOT NULL,
    stated_population whole_count,
    stated_practice_count whole_count,
    source text,
    notes text,
    payee text REFERENCES organisation (code),
    mapped_area text,
    agreement_on date,
    CONSTRAINT organisation_past_ordered CHECK (to_on >= from_on),
    CONSTRAINT organisation_past_one_a_day EXCLUDE USING gist (code WITH =, daterange(from_on, to_on, '[]') WITH &&)
        WHERE (superseded_at IS NULL)
);
CREATE INDEX organisation_past_by_code ON organisation_past (code, from_on);
-- What held on a day, by the code that is asked for or in the order of codes, which is that of organisation's key.
CREATE INDEX organisation_past_by_day ON organisation_past (code COLLATE "C", (coalesce(to_on, 'infinity'))) WHERE superseded_at IS NULL;

-- Changes that are on record and not in force yet: column names of `organisation` with what they become, null for what is taken away.
CREATE TABLE organisation_coming (
    code text NOT NULL REFERENCES organisation (code),
    from_on date NOT NULL,
    changes jsonb NOT NULL CHECK (jsonb_typeof(changes) = 'object' AND changes <> '{}'),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (code, from_on)
);
CREATE INDEX organisation_coming_by_day ON organisation_coming (from_on);

-- Who goes on after whom, since which day.
CREATE TABLE succession (
    predecessor text NOT NULL REFERENCES organisation (code),
    successor text NOT NULL REFERENCES organisation (code) CHECK (successor <> predecessor),
    on_day date NOT NULL,
    manner text NOT NULL CHECK (manner IN ('close', 'merge', 'split')),
    source text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (predecessor, successor)
);
CREATE INDEX succession_by_successor ON succession (successor);

-- Waivers of the size band's lower end.
CREATE TABLE waiver (
    network text NOT NULL REFERENCES organisation (code),
    from_on date NOT NULL,
    to_on date,
    reason text NOT NULL CHECK (reason <> ''),
    granted_by text REFERENCES organisation (code),
    source text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (network, from_on),
    CONSTRAINT waiver_once EXCLUDE USING gist (network WITH =, daterange(from_on, to_on, '[]') WITH &&)
);

-- When a membership, term or size was recorded, and those that were found to be wrong.
ALTER TABLE membership ADD COLUMN recorded_at timestamptz, ADD COLUMN end_recorded_at timestamptz;
ALTER TABLE director_term ADD COLUMN recorded_at timestamptz, ADD COLUMN end_recorded_at timestamptz;
ALTER TABLE list_size ADD COLUMN recorded_at timestamptz;
CREATE TABLE superseded_fact (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The aggregate that it was about.
    code text NOT NULL REFERENCES organisation (code),
    kind text NOT NULL CHECK (kind IN ('membership', 'director', 'list-size')),
    -- The row as it was.
    fact jsonb NOT NULL,
    recorded_at timestamptz,
    superseded_at timestamptz NOT NULL,
    superseded_by text CHECK (superseded_by IN ('correction', 'change'))
);
CREATE INDEX superseded_fact_by_code ON superseded_fact (code);

GRANT SELECT, INSERT, UPDATE ON organisation_past TO :app;
GRANT SELECT, INSERT, UPDATE, DELETE ON organisation_coming TO :app;
GRANT SELECT, INSERT ON succession, waiver, superseded_fact TO :app;
GRANT DELETE ON membership, director_term TO :app;
GRANT UPDATE ON list_size TO :app;
GRANT SELECT ON organisation_past, organisation_coming, succession, waiver, superseded_fact TO :job;

-- Every organisation that is there on the day, with its facts of that day, as rows of `organisation`: version and times are those of the
-- aggregate. NULL is today as it stands. Made to be inlined: filters of the caller reach the indexes below.
CREATE FUNCTION organisations_on(day date) RETURNS SETOF organisation STABLE LANGUAGE sql
BEGIN ATOMIC
    SELECT o.* FROM organisation o
    WHERE day IS NULL
       OR ((o.facts_from IS NULL OR o.facts_from <= day) AND (o.opened_on IS NULL OR o.opened_on <= day)
           AND NOT EXISTS (SELECT FROM organisation_coming c WHERE c.code = o.code AND c.from_on <= day))
    UNION ALL
    SELECT o.code, p.name, o.kind, p.level, p.parent, p.place, p.status, p.opened_on, p.closed_on, p.former_names, p.identifiers,
        p.stated_population, p.stated_practice_count, p.source, p.notes, p.payee, o.version, o.created_at, o.updated_at,
        p.from_on, p.recorded_at, p.mapped_area, p.agreement_on
    FROM organisation_past p JOIN organisation o ON o.code = p.code
    WHERE p.superseded_at IS NULL AND (p.from_on IS NULL OR p.from_on <= day) AND (p.to_on IS NULL OR p.to_on >= day)
      AND (p.opened_on IS NULL OR p.opened_on <= day) AND day IS NOT NULL
    UNION ALL
    SELECT (jsonb_populate_record(o, c.changes)).*
    FROM organisation o
    CROSS JOIN LATERAL (SELECT max(c.from_on) AS from_on,
            jsonb_object_agg(e.key, e.value ORDER BY c.from_on) || jsonb_build_object('facts_from', max(c.from_on)) AS changes
        FROM organisation_coming c CROSS JOIN LATERAL jsonb_each(c.changes) e WHERE c.code = o.code AND c.from_on <= day) c
    WHERE day IS NOT NULL AND c.from_on IS NOT NULL AND (o.facts_from IS NULL OR o.facts_from <= day)
      AND (o.opened_on IS NULL OR o.opened_on <= day);
END;
