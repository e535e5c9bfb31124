-- The read of rival/statements.js. Codes read-1 … read-<codes> are put there by run.sh.
\set n random(1, :codes)
SELECT code, name, kind, level, parent, stated_population, source, status, version, created_at, updated_at
FROM bench_rival.organisation WHERE code = 'read-' || :n::integer;
