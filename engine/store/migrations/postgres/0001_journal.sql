-- The record of everything, as on SQLite: `events` is the truth; all other tables are what can be derived from it, kept so
-- that nothing has to be read twice. They stand in a schema of their own (`loopline`), which the connection names.
--
-- Moments are milliseconds since 1970, ids of runs are ULIDs as text (they sort by the time of the run's creation). Text
-- that is compared is compared by its bytes, whatever the language of the database. Values are JSON in text columns: `json`
-- columns would refuse what a step may print, `jsonb` would change numbers.

CREATE TABLE definitions (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    text_digest TEXT COLLATE "C" NOT NULL,
    digest      TEXT COLLATE "C" NOT NULL,
    yaml        TEXT NOT NULL,
    graph       TEXT NOT NULL,
    UNIQUE (text_digest, digest)
);

CREATE TABLE runs (
    id            TEXT COLLATE "C" PRIMARY KEY,
    project       TEXT COLLATE "C" NOT NULL,
    pipeline      TEXT COLLATE "C" NOT NULL,
    number        BIGINT NOT NULL,
    definition    BIGINT NOT NULL REFERENCES definitions (id),
    created_at    BIGINT NOT NULL,
    trigger_kind  TEXT NOT NULL,
    trigger_actor TEXT,
    labels        TEXT NOT NULL,
    last_seq      BIGINT NOT NULL,
    status        TEXT COLLATE "C" NOT NULL,
    epoch         BIGINT NOT NULL,
    -- As JSON, since it may hold what text columns refuse.
    name          TEXT,
    finished_at   BIGINT,
    error         TEXT,
    waiting_steps TEXT NOT NULL,
    UNIQUE (project, pipeline, number)
) WITH (fillfactor = 70);
CREATE INDEX runs_of_pipeline ON runs (project, pipeline, id);
CREATE INDEX runs_by_status ON runs (status, id);

CREATE TABLE events (
    run     TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    type    TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (run, seq)
);

-- Attempts that were handed to a worker and are not settled. `worker` is the data directory that it belongs to.
CREATE TABLE attempts (
    run     TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    attempt TEXT COLLATE "C" NOT NULL,
    key     TEXT NOT NULL,
    worker  TEXT NOT NULL,
    PRIMARY KEY (run, attempt)
);

-- Timers that are armed.
CREATE TABLE timers (
    run   TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    timer TEXT COLLATE "C" NOT NULL,
    due   BIGINT NOT NULL,
    spec  TEXT NOT NULL,
    PRIMARY KEY (run, timer)
);
CREATE INDEX timers_by_due ON timers (due);

-- Keys that clients sent along, so that asking twice does things once.
CREATE TABLE requests (
    scope  TEXT COLLATE "C" NOT NULL,
    key    TEXT COLLATE "C" NOT NULL,
    run    TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    digest TEXT NOT NULL,
    PRIMARY KEY (scope, key)
);

-- Who holds a place in a concurrency group or a lock, or waits for one. `number` is the order of asking.
CREATE TABLE slots (
    run     TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    slot    TEXT COLLATE "C" NOT NULL,
    number  BIGINT NOT NULL,
    granted BOOLEAN NOT NULL,
    spec    TEXT NOT NULL,
    ask     TEXT NOT NULL,
    PRIMARY KEY (run, slot)
);
CREATE INDEX slots_by_number ON slots (number);

-- States of long runs after some of their events. Only a help: rows may be missing or unreadable, `events` is the truth.
CREATE TABLE snapshots (
    run   TEXT COLLATE "C" NOT NULL REFERENCES runs (id),
    seq   BIGINT NOT NULL,
    apart BIGINT NOT NULL,
    state BYTEA NOT NULL,
    PRIMARY KEY (run, seq)
);

-- Who may write: one row, always. `fence` grows whenever that changes, and whenever the one who may write does not know
-- what became of a transaction; each transaction names it. `term` counts who had the right, `renewed` says when they were
-- last heard of. `fence` is a key, so that a transaction that has named it and a change of it exclude each other, while
-- `renewed` may be written beside both.
CREATE TABLE lease (
    fence   BIGINT PRIMARY KEY,
    term    INTEGER NOT NULL,
    holder  TEXT NOT NULL,
    renewed TIMESTAMPTZ NOT NULL,
    single  BOOLEAN NOT NULL DEFAULT TRUE UNIQUE CHECK (single)
) WITH (fillfactor = 20);
INSERT INTO lease (fence, term, holder, renewed) VALUES (0, 0, '', '-infinity');

-- Fails unless `mine` is the fence; once it has returned, the fence stays as it is until the transaction ends.
CREATE FUNCTION require_fence(mine BIGINT) RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM 1 FROM lease WHERE fence = mine FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another engine drives the runs of this database' USING ERRCODE = 'LL001';
    END IF;
    RETURN mine;
END
$$;
