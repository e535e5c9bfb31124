-- Schedules and slots. What all slots of a template share stands there; a slot is narrow, since a country has ten million of them.

CREATE TABLE schedule_template (
    organisation organisation_code NOT NULL,
    id uuid NOT NULL,
    service uuid NOT NULL,
    name some_text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('core', 'extended-hours', 'extended-access', 'enhanced-access', 'urgent', 'reserved-111',
        'physiotherapy', 'pharmacist', 'diagnostics', 'video')),
    channel channel NOT NULL,
    sessions jsonb NOT NULL,
    exceptions jsonb NOT NULL DEFAULT '[]',
    bank_holidays boolean NOT NULL DEFAULT false,
    valid_from date NOT NULL,
    valid_to date,
    -- Who sees its slots: the contract's Restrictions, column by column. NULL restricts nothing.
    organisation_types text[],
    organisations text[],
    window_days integer CHECK (window_days >= 0),
    embargo_until time,
    embargo_days integer CHECK (embargo_days >= 0),
    notice_minutes integer NOT NULL DEFAULT 0 CHECK (notice_minutes >= 0),
    -- Slots are there up to this day; NULL: none yet.
    generated_to date,
    synthetic boolean NOT NULL DEFAULT false,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (organisation, id),
    CONSTRAINT schedule_template_ordered CHECK (valid_to >= valid_from)
);
CREATE UNIQUE INDEX schedule_template_by_id ON schedule_template (id);
CREATE INDEX schedule_template_by_service ON schedule_template (service);
-- What the job of unused slots looks for.
CREATE INDEX schedule_template_by_kind ON schedule_template (kind);
-- What the horizon's job looks for.
CREATE INDEX schedule_template_by_horizon ON schedule_template (generated_to NULLS FIRST);

-- A hold that is over leaves the slot free: `held_until` says so, and nobody has to clear it.
CREATE TABLE slot (
    organisation organisation_code NOT NULL,
    id uuid NOT NULL,
    template uuid NOT NULL,
    start_at timestamptz NOT NULL,
    minutes smallint NOT NULL CHECK (minutes > 0),
    -- Which of the parallel rows of its session.
    lane smallint NOT NULL DEFAULT 1,
    status text NOT NULL CHECK (status IN ('free', 'booked', 'blocked')),
    -- One appointment stands beside another's.
    overbooked boolean NOT NULL DEFAULT false,
    -- Its plan has it no more: it stays for what stands in it alone, and once that is gone nobody sees it (withdrawn).
    off_plan boolean NOT NULL DEFAULT false,
    hold uuid,
    held_until timestamptz,
    block_reason text,
    -- Since when it is its organisation's own, though its plan keeps it for others: nobody had booked it.
    reclaimed_at timestamptz,
    version integer NOT NULL DEFAULT 1,
    PRIMARY KEY (organisation, id),
    -- What makes generation repeatable.
    CONSTRAINT slot_once UNIQUE (template, start_at, lane),
    CONSTRAINT slot_hold_ends CHECK ((hold IS NULL) = (held_until IS NULL))
);
CREATE UNIQUE INDEX slot_by_id ON slot (id);
-- What a search reads: all that is told of a free slot stands there, so that it reads no slot itself.
CREATE INDEX slot_free_by_template ON slot (template, start_at, id) INCLUDE (minutes, version, held_until)
    WHERE status = 'free' AND NOT off_plan AND reclaimed_at IS NULL;
CREATE INDEX slot_by_day ON slot (organisation, start_at);
CREATE INDEX slot_reclaimed ON slot (template, start_at, id) INCLUDE (minutes, version, held_until)
    WHERE status = 'free' AND NOT off_plan AND reclaimed_at IS NOT NULL;

CREATE TABLE hold (
    organisation organisation_code NOT NULL,
    id uuid NOT NULL,
    slots uuid[] NOT NULL CHECK (slots <> '{}'),
    subject text NOT NULL,
    -- Who holds, which is not whose slots they are.
    holder text NOT NULL,
    expires_at timestamptz NOT NULL,
    -- held, released, used; held and past its time is expired.
    status text NOT NULL CHECK (status IN ('held', 'released', 'used')),
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    -- Made for somebody of a waiting list, by the service itself.
    offered boolean NOT NULL DEFAULT false,
    PRIMARY KEY (organisation, id)
);
CREATE UNIQUE INDEX hold_by_id ON hold (id);
-- What one organisation holds of another: how many is bounded. Those that ran out lie before those that stand.
CREATE INDEX hold_by_holder ON hold (holder, organisation, expires_at) WHERE status = 'held' AND NOT offered;

GRANT SELECT, INSERT, UPDATE ON schedule_template, hold TO :app;
GRANT SELECT, INSERT, UPDATE, DELETE ON slot TO :app;
GRANT SELECT ON schedule_template, slot, hold TO :job;

-- The contract's Restrictions; NULL where nothing restricts.
CREATE FUNCTION restrictions_json(t schedule_template) RETURNS jsonb STABLE LANGUAGE sql
    RETURN nullif(jsonb_strip_nulls(jsonb_build_object('organisationTypes', t.organisation_types, 'organisations', t.organisations,
        'windowDays', t.window_days, 'embargoUntil', to_char(t.embargo_until, 'HH24:MI'), 'embargoDays', t.embargo_days,
        'noticeMinutes', nullif(t.notice_minutes, 0))), '{}');

-- A slot's status at an instant: one that is held is free again once the hold is over, and one that its plan has no more is withdrawn then.
-- One that was taken back is free for its own organisation, and says so.
CREATE FUNCTION slot_status(s slot, at timestamptz) RETURNS text STABLE LANGUAGE sql
    RETURN CASE WHEN s.status <> 'free' THEN s.status WHEN s.held_until > at THEN 'held' WHEN s.off_plan THEN 'withdrawn'
        WHEN s.reclaimed_at IS NOT NULL THEN 'reclaimed' ELSE 'free' END;

CREATE FUNCTION slot_json(s slot, t schedule_template, at timestamptz) RETURNS jsonb STABLE LANGUAGE sql
    RETURN jsonb_strip_nulls(jsonb_build_object('id', s.id, 'service', t.service, 'schedule', s.template, 'organisation', s.organisation,
        'start', instant_text(s.start_at), 'end', instant_text(s.start_at + s.minutes * interval '1 minute'), 'minutes', s.minutes,
        'kind', t.kind, 'channel', t.channel, 'status', slot_status(s, at), 'restrictions',
        CASE WHEN s.reclaimed_at IS NULL THEN restrictions_json(t) END, 'version', s.version));

-- Whether a service offers what begins then by a plan: it is active, has the plan's channel, and its provider is not closed by then.
CREATE FUNCTION service_offers(v service, t schedule_template, start_at timestamptz) RETURNS boolean STABLE LANGUAGE sql
    RETURN v.status = 'active' AND t.channel = ANY (v.channels) AND (v.closes_at IS NULL OR start_at < v.closes_at);

-- Before which instant a slot of it must begin to be seen at an instant: inside the booking window, and past the embargo. The local days that
-- are open are all those up to one.
CREATE FUNCTION seen_before(t schedule_template, at timestamptz) RETURNS timestamptz STABLE LANGUAGE sql
    RETURN coalesce(((at AT TIME ZONE 'Europe/London')::date + 1 + least(t.window_days, CASE WHEN t.embargo_until IS NOT NULL
        THEN coalesce(t.embargo_days, 0) - CASE WHEN (at AT TIME ZONE 'Europe/London')::time < t.embargo_until THEN 1 ELSE 0 END END))
        ::timestamp AT TIME ZONE 'Europe/London', 'infinity');

-- Whether the restriction of organisation types holds for a caller: the kind of one of the organisations, or urgent-care by role.
CREATE FUNCTION types_allow(t schedule_template, callers text[], roles text[]) RETURNS boolean STABLE LANGUAGE plpgsql AS $$
BEGIN
    IF t.organisation_types IS NULL OR ('urgent-care' = ANY (roles) AND 'urgent-care' = ANY (t.organisation_types)) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM organisation o WHERE o.code = ANY (callers) AND o.kind = ANY (t.organisation_types));
END $$;

-- Free slots of the same service that the caller sees: the nearest in time to one that is taken, within a day before and a week after it. Of each plan
-- five after it and five before it are looked at, which the index has in that order. Those that were taken back are their organisation's own.
CREATE FUNCTION slot_alternatives(s slot, callers text[], roles text[], at timestamptz) RETURNS jsonb STABLE LANGUAGE plpgsql AS $$
DECLARE
    above text[] := ARRAY(SELECT r.above FROM reach r WHERE r.organisation = ANY (callers));
BEGIN
    RETURN (SELECT jsonb_agg(slot_json(a, u, at) ORDER BY a.start_at)
        FROM (SELECT n.* FROM schedule_template t JOIN service v ON v.id = t.service
                JOIN schedule_template y ON y.service = v.id AND y.channel = ANY (v.channels) CROSS JOIN LATERAL (
                (SELECT x.* FROM slot x WHERE x.template = y.id AND x.status = 'free' AND NOT x.off_plan AND x.reclaimed_at IS NULL
                    AND (x.held_until IS NULL OR x.held_until <= at) AND x.start_at > at
                    AND x.start_at < least(seen_before(y, at), v.closes_at)
                    AND x.start_at >= at + y.notice_minutes * interval '1 minute'
                    AND x.start_at >= s.start_at AND x.start_at <= s.start_at + interval '7 days' ORDER BY x.start_at, x.id LIMIT 5)
                UNION ALL
                (SELECT x.* FROM slot x WHERE x.template = y.id AND x.status = 'free' AND NOT x.off_plan AND x.reclaimed_at IS NULL
                    AND (x.held_until IS NULL OR x.held_until <= at) AND x.start_at > at
                    AND x.start_at < least(seen_before(y, at), v.closes_at)
                    AND x.start_at >= at + y.notice_minutes * interval '1 minute'
                    AND x.start_at < s.start_at AND x.start_at >= s.start_at - interval '1 day' ORDER BY x.start_at DESC, x.id LIMIT 5)) n
            WHERE t.id = s.template AND (y.organisation_types IS NULL OR types_allow(y, callers, roles))
                AND (y.organisations IS NULL OR y.organisations && above)
            ORDER BY abs(extract(epoch FROM n.start_at - s.start_at)), n.id LIMIT 5) a
        JOIN schedule_template u ON u.id = a.template);
END $$;
