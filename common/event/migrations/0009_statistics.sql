-- A table that is only read by its keys needs no statistics but its size, which vacuum finds as well. One that grows was analyzed again for
-- each tenth that came, from 30,000 rows each time: while organisations were created at full speed that took 160 µs of processor time for
-- each of them. Now it is once the table has doubled.
ALTER TABLE idempotency SET (autovacuum_analyze_scale_factor = 1);
ALTER TABLE audit SET (autovacuum_analyze_scale_factor = 1);
ALTER TABLE event_latest SET (autovacuum_analyze_scale_factor = 1);
ALTER TABLE event_kept SET (autovacuum_analyze_scale_factor = 1);
ALTER TABLE follower_subject SET (autovacuum_analyze_scale_factor = 1);

CREATE OR REPLACE FUNCTION event_partition_add(first_place bigint, last_place bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING ALL) WITH (autovacuum_analyze_scale_factor = 1)', 'event_' || first_place);
    EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', 'event_' || first_place, first_place,
        last_place + 1);
    INSERT INTO event_partition (first, last) VALUES (first_place, last_place);
END
$$;

DO $$
DECLARE
    first_place bigint;
BEGIN
    FOR first_place IN SELECT first FROM event_partition LOOP
        EXECUTE format('ALTER TABLE %I SET (autovacuum_analyze_scale_factor = 1)', 'event_' || first_place);
    END LOOP;
END
$$;
