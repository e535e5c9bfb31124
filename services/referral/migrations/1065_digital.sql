-- What the documents want of online and video consultations: as data, each with its source. `measure` says what it is held against.
CREATE TABLE digital_target (
    code text COLLATE "C" PRIMARY KEY,
    organisation organisation_code NOT NULL,
    name some_text NOT NULL,
    measure text NOT NULL CHECK (measure IN ('patients-online', 'patients-video', 'patients-both', 'practices-online', 'practices-video',
        'practices-both')),
    stated numeric(4, 3) NOT NULL CHECK (stated BETWEEN 0 AND 1),
    due date,
    due_as_stated text NOT NULL,
    -- What the measure leaves out of what is stated.
    note text,
    source some_text NOT NULL
);
CREATE INDEX digital_target_by_organisation ON digital_target (organisation, code);
GRANT SELECT ON digital_target TO :app;

-- Codes, days and sources are those of targets.csv of the data set.
INSERT INTO digital_target (code, organisation, name, measure, stated, due, due_as_stated, note, source) VALUES
    ('t001', 'ics-llr', 'patients with access to online consultations', 'patients-online', 0.75, '2020-04-30', 'by April 2020', NULL,
        '002_14b2ec4da8d9c2f3.txt section 9.2'),
    ('t002', 'ics-llr', 'patients with access to online consultations', 'patients-online', 1, '2021-12-31', 'by 2021', NULL,
        '002_14b2ec4da8d9c2f3.txt section 9.2'),
    ('t103', 'ics-nel', 'patients with the right to online and video consultations', 'patients-both', 1, '2021-04-30', 'by April 2021',
        'A right is not on record: patients whose practice offers both are counted',
        '004_35c45fcb7c85d3f4.txt Developing primary care digital services'),
    ('t104', 'ics-nel', 'population offered online consultations', 'patients-online', 0.75, '2020-03-31', 'by March 2020', NULL,
        '004_35c45fcb7c85d3f4.txt Developing primary care digital services'),
    ('t105', 'ics-nel', 'practices contracted to offer online consultations', 'practices-online', 1, '2020-04-01', 'from April 2020',
        'Contracts are not on record: practices that offer them are counted',
        '004_35c45fcb7c85d3f4.txt Developing primary care digital services'),
    ('t106', 'ics-nel', 'practices contracted to offer video consultations', 'practices-video', 1, '2021-04-01', 'from April 2021',
        'Contracts are not on record: practices that offer them are counted',
        '004_35c45fcb7c85d3f4.txt Developing primary care digital services');
