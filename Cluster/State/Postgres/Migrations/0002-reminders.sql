CREATE TABLE reminders(
    service text NOT NULL,
    grain text NOT NULL,
    name text NOT NULL,
    start_at timestamptz NOT NULL,
    period_ms bigint NOT NULL,
    grain_hash integer NOT NULL,
    version integer NOT NULL,
    PRIMARY KEY(service, grain, name));

-- A silo reads the reminders of its range of the hash ring.
CREATE INDEX reminders_by_hash ON reminders(service, grain_hash);

INSERT INTO orleansquery(querykey, querytext) VALUES
('UpsertReminderRowKey', $q$
    INSERT INTO reminders AS r(service, grain, name, start_at, period_ms, grain_hash, version)
    VALUES(@ServiceId, @GrainId, @ReminderName, @StartTime, @Period::bigint, @GrainHash, 0)
    ON CONFLICT(service, grain, name) DO UPDATE SET start_at = excluded.start_at, period_ms = excluded.period_ms,
        grain_hash = excluded.grain_hash, version = r.version + 1
    RETURNING version
$q$),
('ReadReminderRowKey', $q$
    SELECT grain AS grainid, name AS remindername, start_at AS starttime, period_ms AS period, version
    FROM reminders WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName
$q$),
('ReadReminderRowsKey', $q$
    SELECT grain AS grainid, name AS remindername, start_at AS starttime, period_ms AS period, version
    FROM reminders WHERE service = @ServiceId AND grain = @GrainId
$q$),
('ReadRangeRows1Key', $q$
    SELECT grain AS grainid, name AS remindername, start_at AS starttime, period_ms AS period, version
    FROM reminders WHERE service = @ServiceId AND grain_hash > @BeginHash AND grain_hash <= @EndHash
$q$),
('ReadRangeRows2Key', $q$
    -- A range that goes round the ring's end.
    SELECT grain AS grainid, name AS remindername, start_at AS starttime, period_ms AS period, version
    FROM reminders WHERE service = @ServiceId AND (grain_hash > @BeginHash OR grain_hash <= @EndHash)
$q$),
('DeleteReminderRowKey', $q$
    WITH gone AS (
        DELETE FROM reminders
        WHERE service = @ServiceId AND grain = @GrainId AND name = @ReminderName AND version = @Version
        RETURNING 1)
    SELECT count(*)::integer FROM gone
$q$),
('DeleteReminderRowsKey', $q$
    DELETE FROM reminders WHERE service = @ServiceId
$q$);
