// The statements of the rival. pgbench/*.sql are the same for pgbench; schema.sql has their tables.

export const readOrganisation = {
  name: 'read',
  text: `SELECT code, name, kind, level, parent, stated_population, source, status, version, created_at, updated_at
    FROM bench_rival.organisation WHERE code = $1`
}

// A code that is taken leaves no record: `kept` follows `made`, and the answer says which of the three it was.
export const createOrganisation = {
  name: 'create',
  text: `WITH seen AS (
      SELECT answer, request_hash FROM bench_rival.idempotency WHERE organisation = $1 AND subject = $2 AND method = $3 AND key = $4
    ), made AS (
      INSERT INTO bench_rival.organisation
        (code, name, kind, level, parent, stated_population, source, status, version, created_at, updated_at)
      SELECT $8, $9, $10, $11, $12, $13::bigint, $14, 'active', 1, $7::timestamptz, $7::timestamptz WHERE NOT EXISTS (SELECT FROM seen)
      ON CONFLICT (code) DO NOTHING RETURNING code
    ), kept AS (
      INSERT INTO bench_rival.idempotency (organisation, subject, method, key, request_hash, answer, created_at)
      SELECT $1, $2, $3, $4, $5::bytea, $6, $7::timestamptz FROM made
    ), told AS (
      INSERT INTO bench_rival.event (id, type, subject, version, time, traceparent, data)
      SELECT $15::uuid, 'pcn.registry.organisation.created', 'organisations/' || code, 1, $7::timestamptz, $16, $6 FROM made
    ), noted AS (
      INSERT INTO bench_rival.audit (at, request_id, subject, organisation, method, target)
      SELECT $7::timestamptz, $17::uuid, $2, $1, $3, 'organisations/' || code FROM made
    )
    SELECT NOT EXISTS (SELECT FROM seen) AS is_new, EXISTS (SELECT FROM made) AS made,
      coalesce((SELECT request_hash = $5::bytea FROM seen), true) AS same, (SELECT answer FROM seen) AS answer`
}
