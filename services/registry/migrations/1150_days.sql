-- What a day brings by itself: that something which stands with its days begins, or has ended, is told by an event on that day.

-- The date of an instant where the field is.
CREATE FUNCTION field_date(at timestamptz) RETURNS date IMMUTABLE PARALLEL SAFE LANGUAGE sql
BEGIN ATOMIC
    SELECT (at AT TIME ZONE 'Europe/London')::date;
END;

-- Days are looked for from the other side too: what begins, or ended the day before, since a day.
CREATE INDEX membership_by_first_day ON membership (from_on);
CREATE INDEX membership_by_end ON membership ((to_on + 1)) WHERE to_on IS NOT NULL;
CREATE INDEX director_term_by_first_day ON director_term (from_on);
CREATE INDEX director_term_by_end ON director_term ((to_on + 1)) WHERE to_on IS NOT NULL;
CREATE INDEX waiver_by_first_day ON waiver (from_on);
CREATE INDEX waiver_by_end ON waiver ((to_on + 1)) WHERE to_on IS NOT NULL;
CREATE INDEX system_profile_by_first_day ON system_profile (from_on);
CREATE INDEX system_profile_by_end ON system_profile ((to_on + 1)) WHERE to_on IS NOT NULL;
CREATE INDEX alignment_by_first_day ON alignment (from_on);
CREATE INDEX alignment_by_end ON alignment ((to_on + 1)) WHERE to_on IS NOT NULL;
CREATE INDEX succession_by_day ON succession (on_day);
-- Whom one serves that closes.
CREATE INDEX alignment_by_provider ON alignment (provider) WHERE provider IS NOT NULL;
-- A site carries the time of its own last change: only what is still to be told is in these.
CREATE INDEX site_untold ON site (from_on) WHERE from_on > field_date(updated_at);
CREATE INDEX site_end_untold ON site (to_on) WHERE to_on >= field_date(updated_at);

-- Days on which something of an organisation begins or has ended, besides its facts.
CREATE VIEW fact_day (code, day) AS
SELECT network, from_on FROM membership
UNION ALL SELECT network, to_on + 1 FROM membership WHERE to_on IS NOT NULL
UNION ALL SELECT network, from_on FROM director_term
UNION ALL SELECT network, to_on + 1 FROM director_term WHERE to_on IS NOT NULL
UNION ALL SELECT network, from_on FROM waiver
UNION ALL SELECT network, to_on + 1 FROM waiver WHERE to_on IS NOT NULL
UNION ALL SELECT practice, from_on FROM system_profile
UNION ALL SELECT practice, to_on + 1 FROM system_profile WHERE to_on IS NOT NULL
UNION ALL SELECT organisation, from_on FROM alignment
UNION ALL SELECT organisation, to_on + 1 FROM alignment WHERE to_on IS NOT NULL
UNION ALL SELECT predecessor, on_day FROM succession
UNION ALL SELECT successor, on_day FROM succession;
GRANT SELECT ON fact_day TO :app, :job;
