-- Orleans reads the text of its statements from this table, by key; only the table's name and its two columns are
-- its own. Parameters are named by Orleans, results are read by column name.
CREATE TABLE orleansquery(
    querykey text PRIMARY KEY,
    querytext text NOT NULL);

-- One row per cluster. Every change of the membership raises the version; a change made from an older one changes nothing.
CREATE TABLE membership_version(
    cluster text PRIMARY KEY,
    version integer NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now());

CREATE TABLE membership(
    cluster text NOT NULL,
    address text NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    status integer NOT NULL,
    client_port integer NOT NULL,
    suspect_times text,
    started_at timestamptz NOT NULL,
    alive_at timestamptz NOT NULL,
    PRIMARY KEY(cluster, address, port, generation));

INSERT INTO orleansquery(querykey, querytext) VALUES
('InsertMembershipVersionKey', $q$
    WITH made AS (
        INSERT INTO membership_version(cluster) VALUES(@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
    SELECT count(*)::integer FROM made
$q$),
('InsertMembershipKey', $q$
    WITH raised AS (
        UPDATE membership_version SET version = version + 1, changed_at = now()
        WHERE cluster = @DeploymentId AND version = @Version AND NOT EXISTS (
            SELECT 1 FROM membership
            WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING cluster),
    made AS (
        INSERT INTO membership(
            cluster, address, port, generation, name, host, status, client_port, started_at, alive_at)
        SELECT cluster, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
        FROM raised
        RETURNING 1)
    SELECT count(*)::integer FROM made
$q$),
('UpdateMembershipKey', $q$
    WITH raised AS (
        UPDATE membership_version SET version = version + 1, changed_at = now()
        WHERE cluster = @DeploymentId AND version = @Version AND EXISTS (
            SELECT 1 FROM membership
            WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING cluster),
    changed AS (
        UPDATE membership m
        SET status = @Status, suspect_times = @SuspectTimes::text, alive_at = greatest(m.alive_at, @IAmAliveTime)
        FROM raised
        WHERE m.cluster = raised.cluster AND address = @Address AND port = @Port AND generation = @Generation
        RETURNING 1)
    SELECT count(*)::integer FROM changed
$q$),
('UpdateIAmAlivetimeKey', $q$
    UPDATE membership SET alive_at = greatest(alive_at, @IAmAliveTime)
    WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$q$),
('MembershipReadRowKey', $q$
    SELECT v.version, m.address, m.port, m.generation, m.name AS siloname, m.host AS hostname, m.status,
        m.client_port AS proxyport, m.suspect_times AS suspecttimes, m.started_at AS starttime,
        m.alive_at AS iamalivetime
    FROM membership_version v LEFT JOIN membership m
        ON m.cluster = v.cluster AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
    WHERE v.cluster = @DeploymentId
$q$),
('MembershipReadAllKey', $q$
    SELECT v.version, m.address, m.port, m.generation, m.name AS siloname, m.host AS hostname, m.status,
        m.client_port AS proxyport, m.suspect_times AS suspecttimes, m.started_at AS starttime,
        m.alive_at AS iamalivetime
    FROM membership_version v LEFT JOIN membership m ON m.cluster = v.cluster
    WHERE v.cluster = @DeploymentId
$q$),
('GatewaysQueryKey', $q$
    SELECT address, client_port AS proxyport, generation FROM membership
    WHERE cluster = @DeploymentId AND status = @Status AND client_port > 0
$q$),
('CleanupDefunctSiloEntriesKey', $q$
    -- 6: dead. Orleans calls this for silos that have been dead for long.
    DELETE FROM membership WHERE cluster = @DeploymentId AND status = 6 AND alive_at < @IAmAliveTime
$q$),
('DeleteMembershipTableEntriesKey', $q$
    WITH gone AS (DELETE FROM membership WHERE cluster = @DeploymentId)
    DELETE FROM membership_version WHERE cluster = @DeploymentId
$q$);
