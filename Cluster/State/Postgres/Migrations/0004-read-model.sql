-- An index of the truth: it can be dropped and filled again from recordings and ledger. Times are ms since 1970.
CREATE TABLE calls(
    tenant text COLLATE "C" NOT NULL,
    id uuid NOT NULL,
    state smallint NOT NULL,
    started_at bigint NOT NULL,
    ended_at bigint,
    document text NOT NULL,
    PRIMARY KEY(tenant, id));

CREATE INDEX calls_by_start ON calls(tenant, started_at DESC, id);

CREATE TABLE call_channels(
    tenant text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    call uuid NOT NULL,
    PRIMARY KEY(tenant, channel, call));

CREATE INDEX call_channels_by_call ON call_channels(tenant, call);

CREATE TABLE call_parties(
    tenant text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    call uuid NOT NULL,
    PRIMARY KEY(tenant, value, call));

CREATE INDEX call_parties_by_call ON call_parties(tenant, call);
