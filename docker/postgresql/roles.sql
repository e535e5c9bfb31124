-- Roles of one service, made where they are missing: owner (its schema and migrations), app (requests), job (relay, jobs).
-- psql variables: service; owner_password, app_password, job_password (empty: no password, the socket's peer is asked).
SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION', 'pcn_' || :'service' || '_' || kind)
FROM unnest(ARRAY['owner', 'app', 'job']) AS kind
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pcn_' || :'service' || '_' || kind)
\gexec

SELECT format('ALTER ROLE %I PASSWORD %L', 'pcn_' || :'service' || '_' || kind, password)
FROM (VALUES ('owner', :'owner_password'), ('app', :'app_password'), ('job', :'job_password')) AS given (kind, password)
WHERE password <> ''
\gexec

-- CREATE: the owner makes the schema of its service itself. TEMPORARY: long work of requests (an import) has its own tables for as long as its
-- transaction; functions look into them last (search_path).
SELECT format('GRANT CONNECT%s ON DATABASE %I TO %I',
              CASE kind WHEN 'owner' THEN ', CREATE' WHEN 'app' THEN ', TEMPORARY' ELSE '' END, current_database(),
              'pcn_' || :'service' || '_' || kind)
FROM unnest(ARRAY['owner', 'app', 'job']) AS kind
\gexec
