-- What practices and networks owe in slots, and what every patient should be offered: rules as data, each with its dates, its source and how
-- sure it is.

CREATE DOMAIN confidence AS text CHECK (VALUE IN ('verified', 'derived', 'unconfirmed'));

-- required = list ÷ per_patients × amount, `down` or to the `nearest` quantum (halves up), and at least so much; without per_patients it is
-- the amount. What fulfils it are slots of the kinds that lie wholly between from_time and to_time, on working days alone where it says so,
-- and in unbroken blocks of block_minutes or more.
CREATE TABLE obligation_rule (
    obligation text NOT NULL,
    rate_set text NOT NULL,
    -- The list that it rests on: registered ones alone so far.
    basis text NOT NULL CHECK (basis = 'registered'),
    levels text[] NOT NULL CHECK (levels <> '{}' AND levels <@ ARRAY['practice', 'network']),
    kinds text[] NOT NULL CHECK (kinds <> '{}'),
    period text NOT NULL CHECK (period IN ('day', 'week')),
    unit text NOT NULL CHECK (unit IN ('slots', 'minutes')),
    per_patients integer CHECK (per_patients > 0),
    amount integer NOT NULL CHECK (amount > 0),
    rounding text NOT NULL CHECK (rounding IN ('down', 'nearest')),
    quantum integer NOT NULL CHECK (quantum > 0),
    at_least integer NOT NULL CHECK (at_least >= 0),
    block_minutes integer NOT NULL DEFAULT 0 CHECK (block_minutes >= 0),
    from_time time,
    to_time time,
    working_days boolean NOT NULL,
    -- What is unused so long before it begins goes back to the practice; NULL: never.
    reclaim_minutes integer CHECK (reclaim_minutes > 0),
    effective_from date NOT NULL,
    effective_to date CHECK (effective_to >= effective_from),
    rule some_text NOT NULL,
    source some_text NOT NULL,
    confidence confidence NOT NULL,
    -- What is left open, in a sentence that stands beside the figures.
    assumption text,
    PRIMARY KEY (obligation, rate_set, effective_from),
    CONSTRAINT obligation_rule_window CHECK ((from_time IS NULL) = (to_time IS NULL)),
    CONSTRAINT obligation_rule_once EXCLUDE USING gist (obligation WITH =, rate_set WITH =, daterange(effective_from, effective_to, '[]') WITH &&)
);

INSERT INTO obligation_rule (obligation, rate_set, basis, levels, kinds, period, unit, per_patients, amount, rounding, quantum, at_least,
    block_minutes, from_time, to_time, working_days, reclaim_minutes, effective_from, effective_to, rule, source, confidence, assumption) VALUES
    ('reserved-111', 'actual', 'registered', '{practice}', '{reserved-111}', 'day', 'slots', 3000, 1, 'down', 1, 1,
        0, '08:00', '18:30', true, 120, '2019-04-01', NULL,
        'A practice keeps a slot a day for NHS 111 in core hours for each whole 3,000 patients, one at least; it may take back what is unused two hours before',
        'GP contract: direct booking by NHS 111', 'verified',
        'The first day of the duty to keep slots for NHS 111 is taken to be 1 April 2019; it falls on working days, which have core hours'),
    ('extended-hours', 'actual', 'registered', '{practice,network}', '{extended-hours}', 'week', 'minutes', 1000, 30, 'nearest', 15, 0,
        30, NULL, NULL, false, NULL, '2019-07-01', NULL,
        'Extended hours are 30 minutes a week for each 1,000 patients, to the nearest quarter of an hour, in blocks of 30 minutes or more',
        'Network contract: extended hours access', 'verified',
        'A week with a bank holiday owes as many extended hours as any other. No last day of the duty is on record, though its payment ended in 2022'),
    ('extended-access', 'actual', 'registered', '{network}', '{extended-access,enhanced-access}', 'week', 'minutes', 1000, 30, 'nearest', 1, 0,
        0, NULL, NULL, false, NULL, '2018-10-01', '2019-03-31',
        'Commissioned extended access is at least 30 minutes a week for each 1,000 patients',
        'NHS England: commissioned extended access', 'verified',
        'The days on which 30 minutes of extended access for each 1,000 patients began and became 45 are not confirmed: 1 October 2018 and 1 April 2019'),
    ('extended-access', 'actual', 'registered', '{network}', '{extended-access,enhanced-access}', 'week', 'minutes', 1000, 45, 'nearest', 1, 0,
        0, NULL, NULL, false, NULL, '2019-04-01', NULL,
        'Commissioned extended access is at least 45 minutes a week for each 1,000 patients',
        'NHS England: commissioned extended access', 'verified',
        'The days on which 30 minutes of extended access for each 1,000 patients began and became 45 are not confirmed: 1 October 2018 and 1 April 2019'),
    ('extended-access-evening', 'actual', 'registered', '{network}', '{extended-access,enhanced-access}', 'day', 'minutes', NULL, 90, 'down', 1, 0,
        0, '18:30', '24:00', true, NULL, '2018-10-01', NULL,
        'Commissioned extended access has an hour and a half on each weekday evening, after 18:30',
        'NHS England: commissioned extended access', 'verified',
        'A bank holiday is no weekday for the evenings of extended access');

-- What every patient should have on a day: some slot of the kinds (NULL: of any) that begins in each part of the day.
CREATE TABLE access_offer (
    code text PRIMARY KEY,
    level text NOT NULL CHECK (level IN ('practice', 'network')),
    kinds text[],
    -- Where the parts of the day begin and end: one or two of them.
    from_time time NOT NULL,
    middle_time time,
    to_time time NOT NULL,
    working_days boolean NOT NULL,
    rule some_text NOT NULL,
    source some_text NOT NULL,
    confidence confidence NOT NULL,
    CONSTRAINT access_offer_day CHECK (from_time < to_time AND (middle_time IS NULL OR middle_time > from_time AND middle_time < to_time))
);

INSERT INTO access_offer VALUES
    ('core-hours-open', 'practice', NULL, '08:00', '13:00', '18:30', true,
        'A practice sees its patients in the morning and in the afternoon of every working day: it does not close for half a day',
        '004_35c45fcb7c85d3f4.txt Primary care networks across north east London', 'verified'),
    ('on-the-day-urgent', 'practice', '{urgent}', '00:00', NULL, '24:00', true,
        'A practice has urgent slots on every working day, itself or through its network', '002_14b2ec4da8d9c2f3.txt section 9.4', 'verified'),
    ('seven-day-urgent', 'network', '{urgent}', '00:00', NULL, '24:00', false,
        'A network has urgent slots on each of the seven days of the week', '002_14b2ec4da8d9c2f3.txt section 5.6', 'verified');

GRANT SELECT ON obligation_rule, access_offer TO :app, :job;
