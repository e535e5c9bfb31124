-- The log as it is read: an event moves from the queue into its place, whole, and the places lie in partitions. Reading is a range scan,
-- forgetting is dropping a partition, and `previous` makes a snapshot of any place that is kept.

-- A relay of the version before must not number meanwhile.
LOCK TABLE event, event_queue, event_sequence, log_epoch IN ACCESS EXCLUSIVE MODE;

-- One row, read by everybody: the log's end, how much of its beginning is forgotten, and the epoch, which changes only where a log is
-- rebuilt, so that places of the old one are recognised.
CREATE TABLE log_state (
    epoch uuid NOT NULL,
    head bigint NOT NULL,
    pruned bigint NOT NULL DEFAULT 0 CHECK (pruned BETWEEN 0 AND head),
    single boolean PRIMARY KEY DEFAULT true CHECK (single)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO log_state (epoch, head) SELECT epoch, (SELECT coalesce(max(sequence), 0) FROM event_sequence) FROM log_epoch;

-- Committed events that the relay has not numbered yet. `position` is taken while the aggregate's row is locked, so the events of one
-- aggregate keep their order. A row lives for milliseconds: the table is swept by number, not by share, and never given back to the
-- operating system, which would lock it.
ALTER TABLE event_queue
    ADD COLUMN id uuid,
    ADD COLUMN type text,
    ADD COLUMN subject text,
    ADD COLUMN version bigint,
    ADD COLUMN time timestamptz,
    ADD COLUMN traceparent text,
    ADD COLUMN data text;
UPDATE event_queue q SET id = e.id, type = e.type, subject = e.subject, version = e.version, time = e.time,
    traceparent = e.traceparent, data = e.data FROM event e WHERE e.id = q.event;
ALTER TABLE event_queue
    DROP COLUMN event,
    ALTER COLUMN id SET NOT NULL,
    ALTER COLUMN type SET NOT NULL,
    ALTER COLUMN subject SET NOT NULL,
    ALTER COLUMN version SET NOT NULL,
    ALTER COLUMN time SET NOT NULL,
    ALTER COLUMN data SET NOT NULL,
    SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1,
         autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false, toast.vacuum_truncate = false);

ALTER TABLE event RENAME TO event_unplaced;
ALTER INDEX event_pkey RENAME TO event_unplaced_pkey;

-- The log: places 1, 2, 3 … without a gap. Rows are added and never changed.
CREATE TABLE event (
    sequence bigint PRIMARY KEY,
    -- The same subject's place before; NULL for its first.
    previous bigint,
    version bigint NOT NULL,
    time timestamptz NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    traceparent text,
    -- The resource after the change as JSON text, handed on byte by byte.
    data text NOT NULL
) PARTITION BY RANGE (sequence);

-- Which places each partition holds: "event_1" those from 1 on.
CREATE TABLE event_partition (
    first bigint PRIMARY KEY,
    last bigint NOT NULL CHECK (last >= first)
);

-- The newest place of each subject.
CREATE TABLE event_latest (
    subject text COLLATE "C" PRIMARY KEY,
    sequence bigint NOT NULL
) WITH (fillfactor = 70);

-- The newest event of each subject among those that are forgotten: what a snapshot says of a subject that did not change since.
CREATE TABLE event_kept (
    subject text COLLATE "C" PRIMARY KEY,
    sequence bigint NOT NULL,
    version bigint NOT NULL,
    time timestamptz NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    traceparent text,
    data text NOT NULL
);

-- A partition of so many places. Made beside the log and then attached, which waits for no reader.
CREATE FUNCTION event_partition_add(first_place bigint, last_place bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (LIKE event INCLUDING ALL)', 'event_' || first_place);
    EXECUTE format('ALTER TABLE event ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', 'event_' || first_place, first_place,
        last_place + 1);
    INSERT INTO event_partition (first, last) VALUES (first_place, last_place);
END
$$;
REVOKE EXECUTE ON FUNCTION event_partition_add(bigint, bigint) FROM PUBLIC;

-- Keeps partitions ahead of the log's end and forgets what is older than `retention_days` (0: nothing, ever). A partition is forgotten
-- when its newest event is old enough, in steps that each leave a log that is whole: what they forget is in event_kept, and `pruned`
-- says so; the last step drops it. `covered`: the log has room up to there. `more`: call again.
--
-- A lock that others hold is not waited for longer than a moment, since everybody would queue behind: the call fails and the next
-- one finds everything as it was.
CREATE FUNCTION event_upkeep(partition_size bigint, retention_days integer, OUT covered bigint, OUT pruned bigint, OUT more boolean)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = :schema, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
    step CONSTANT bigint := 10000;
    -- Two of the relay's transactions.
    ahead CONSTANT bigint := greatest(partition_size, 2000);
    head bigint;
    oldest event_partition;
BEGIN
    IF partition_size < 1 OR retention_days < 0 THEN
        RAISE EXCEPTION 'event_upkeep: partitions hold at least one event and are kept for no negative time';
    END IF;
    LOCK TABLE event_partition IN SHARE ROW EXCLUSIVE MODE;
    more := false;
    SELECT s.head, s.pruned INTO STRICT head, pruned FROM log_state s;
    SELECT coalesce(max(p.last), head) INTO covered FROM event_partition p;
    WHILE covered <= head + ahead LOOP
        PERFORM event_partition_add(covered + 1, covered + partition_size);
        covered := covered + partition_size;
    END LOOP;
    SELECT * INTO oldest FROM event_partition p ORDER BY p.first LIMIT 1;
    IF retention_days = 0 OR oldest.last > head OR oldest.last > pruned AND NOT EXISTS (
        SELECT FROM event e WHERE e.sequence = oldest.last AND e.time < now() - make_interval(days => retention_days)) THEN
        RETURN;
    END IF;
    more := true;
    INSERT INTO event_kept AS k (subject, sequence, version, time, id, type, traceparent, data)
        SELECT e.subject, e.sequence, e.version, e.time, e.id, e.type, e.traceparent, e.data FROM event e WHERE e.sequence IN (
            SELECT max(c.sequence) FROM event c WHERE c.sequence > event_upkeep.pruned
                AND c.sequence <= least(event_upkeep.pruned + step, oldest.last) GROUP BY c.subject)
        ON CONFLICT (subject) DO UPDATE SET sequence = excluded.sequence, version = excluded.version, time = excluded.time,
            id = excluded.id, type = excluded.type, traceparent = excluded.traceparent, data = excluded.data;
    pruned := least(pruned + step, oldest.last);
    IF pruned = oldest.last THEN
        EXECUTE format('DROP TABLE %I', 'event_' || oldest.first);
        DELETE FROM event_partition p WHERE p.first = oldest.first;
    END IF;
    UPDATE log_state s SET pruned = event_upkeep.pruned;
END
$$;
REVOKE EXECUTE ON FUNCTION event_upkeep(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION event_upkeep(bigint, integer) TO :job;

-- What there is so far becomes the first partition.
SELECT event_partition_add(1, head) FROM log_state WHERE head > 0;
INSERT INTO event (sequence, previous, version, time, id, type, subject, traceparent, data)
    SELECT s.sequence, lag(s.sequence) OVER (PARTITION BY e.subject ORDER BY s.sequence), e.version, e.time, e.id, e.type, e.subject,
        e.traceparent, e.data FROM event_sequence s JOIN event_unplaced e ON e.id = s.event;
INSERT INTO event_latest (subject, sequence) SELECT subject, max(sequence) FROM event GROUP BY subject;
DROP TABLE event_sequence, event_unplaced, log_epoch;

-- The application adds to the queue and reads; only the relay numbers, and only the owner's function makes and drops partitions.
GRANT SELECT ON event, event_latest, event_kept, log_state TO :app, :job;
GRANT INSERT ON event TO :job;
GRANT INSERT, UPDATE (sequence) ON event_latest TO :job;
GRANT UPDATE (head) ON log_state TO :job;
