-- First answers of methods that reach by row-level security hold what their callers were shown, such as patients. The application sees one only in a
-- statement that was told of the caller whose it is (0008_principal.sql), whatever that statement says; the job that prunes sees when, not what.
ALTER TABLE idempotency ADD COLUMN reaches boolean NOT NULL DEFAULT false;
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY idempotency_own ON idempotency TO :app USING (NOT reaches OR (subject = coalesce(current_setting('pcn.subject', true), '')
    AND organisation = coalesce(current_setting('pcn.organisations', true), '')));
CREATE POLICY idempotency_pruned ON idempotency FOR ALL TO :job USING (true);
REVOKE SELECT ON idempotency FROM :job;
GRANT SELECT (organisation, subject, method, key, created_at) ON idempotency TO :job;
