-- Extensions of PostgreSQL that services use. A database has each of them once, in one schema, and several services may live in one
-- database: so they have a schema of their own, which every session has behind its service's in its search path. Both extensions are trusted:
-- whoever may create in the database may install them. One that a service of a former version installed for itself is moved by that
-- service; others wait for it, and start once it did.
DO $$
DECLARE
    name text;
    place text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('pcn_extensions', 0));
    IF to_regnamespace('pcn_extensions') IS NULL THEN
        CREATE SCHEMA pcn_extensions;
        GRANT USAGE ON SCHEMA pcn_extensions TO PUBLIC;
    END IF;
    FOREACH name IN ARRAY ARRAY['btree_gist', 'pg_trgm'] LOOP
        place := (SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = name);
        IF place IS NULL THEN
            EXECUTE format('CREATE EXTENSION %I WITH SCHEMA pcn_extensions', name);
        ELSIF place <> 'pcn_extensions' THEN
            EXECUTE format('ALTER EXTENSION %I SET SCHEMA pcn_extensions', name);
        END IF;
    END LOOP;
END $$;
