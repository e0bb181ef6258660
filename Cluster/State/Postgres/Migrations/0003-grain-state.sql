-- The key is what keeps two first writers apart; a check before the insert does not. A row without a payload was cleared:
-- it stays, so that no version is ever given twice.
CREATE TABLE grain_state(
    service text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    grain text COLLATE "C" NOT NULL,
    n0 bigint NOT NULL,
    n1 bigint NOT NULL,
    version integer NOT NULL,
    payload bytea,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY(service, state, grain, n0, n1));

-- Encodings are compact already, and a row is rewritten often.
ALTER TABLE grain_state ALTER COLUMN payload SET STORAGE EXTERNAL;

-- Both writes answer one row in any case: the new version, or null for "somebody else was first". Versions begin again
-- after two thousand million writes, because the provider keeps them in 32 bits.
INSERT INTO orleansquery(querykey, querytext) VALUES
('WriteToStorageKey', $q$
    WITH first AS (
        INSERT INTO grain_state AS g(service, state, grain, n0, n1, version, payload)
        SELECT @ServiceId, @GrainTypeString, coalesce(@GrainIdExtensionString::text, ''), @GrainIdN0, @GrainIdN1, 1,
            @PayloadBinary
        WHERE @GrainStateVersion::integer IS NULL
        ON CONFLICT(service, state, grain, n0, n1) DO UPDATE SET payload = excluded.payload, changed_at = now(),
            version = CASE g.version WHEN 2147483647 THEN 1 ELSE g.version + 1 END
        WHERE g.payload IS NULL
        RETURNING version),
    next AS (
        UPDATE grain_state SET payload = @PayloadBinary, changed_at = now(),
            version = CASE version WHEN 2147483647 THEN 1 ELSE version + 1 END
        WHERE service = @ServiceId AND state = @GrainTypeString
            AND grain = coalesce(@GrainIdExtensionString::text, '') AND n0 = @GrainIdN0 AND n1 = @GrainIdN1
            AND version = @GrainStateVersion::integer
        RETURNING version)
    SELECT (SELECT version FROM first UNION ALL SELECT version FROM next) AS newgrainstateversion
$q$),
('ReadFromStorageKey', $q$
    SELECT payload AS payloadbinary, version FROM grain_state
    WHERE service = @ServiceId AND state = @GrainTypeString
        AND grain = coalesce(@GrainIdExtensionString::text, '') AND n0 = @GrainIdN0 AND n1 = @GrainIdN1
        AND payload IS NOT NULL
$q$),
('ClearStorageKey', $q$
    WITH cleared AS (
        UPDATE grain_state SET payload = NULL, changed_at = now(),
            version = CASE version WHEN 2147483647 THEN 1 ELSE version + 1 END
        WHERE service = @ServiceId AND state = @GrainTypeString
            AND grain = coalesce(@GrainIdExtensionString::text, '') AND n0 = @GrainIdN0 AND n1 = @GrainIdN1
            AND version = @GrainStateVersion::integer AND payload IS NOT NULL
        RETURNING version)
    SELECT (SELECT version FROM cleared) AS newgrainstateversion
$q$);
