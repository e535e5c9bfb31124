-- The copy that the tests' service keeps of the registry's organisations.
CREATE TABLE organisation_copy (
    subject text PRIMARY KEY,
    name text NOT NULL CONSTRAINT name_length CHECK (length(name) <= 100),
    version bigint NOT NULL
);

-- What refers to a row of the copy keeps it from going.
CREATE TABLE note (
    subject text NOT NULL REFERENCES organisation_copy
);

-- Each change that the copy got, for the count.
CREATE TABLE application (
    subject text NOT NULL,
    version bigint NOT NULL,
    gone boolean NOT NULL
);

GRANT SELECT, INSERT, UPDATE, DELETE ON organisation_copy TO :app;
GRANT SELECT ON note TO :app;
GRANT INSERT ON application TO :app;
