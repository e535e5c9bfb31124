-- What verbs announced for days to come, with all that it takes to take it back until then (the store's message Announcement). It is no fact:
-- what was announced is on record by itself, and once the day is there a row says nothing any more and goes with the next one that is
-- written. Exports do not have it. `about` is the practice that moves or leaves, '' for the organisation itself.
CREATE TABLE announcement (
    on_day date NOT NULL,
    code text NOT NULL REFERENCES organisation (code),
    about text NOT NULL DEFAULT '',
    undo jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (on_day, code, about)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON announcement TO :app;
GRANT DELETE ON succession TO :app;
