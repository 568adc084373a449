-- The record of everything. `events` is the truth; all other tables are what can be derived from it, kept so that
-- nothing has to be read twice. One writer, the driver, changes them in one transaction.
--
-- Moments are milliseconds since 1970, ids of runs are ULIDs as text (they sort by the time of the run's creation).

-- "LOOP": a database of another program is refused by this number.
PRAGMA application_id = 1280266064;

CREATE TABLE definitions (
    id          INTEGER PRIMARY KEY,
    text_digest TEXT NOT NULL,
    digest      TEXT NOT NULL,
    yaml        TEXT NOT NULL,
    graph       TEXT NOT NULL,
    UNIQUE (text_digest, digest)
);

CREATE TABLE runs (
    id            TEXT PRIMARY KEY NOT NULL,
    project       TEXT NOT NULL,
    pipeline      TEXT NOT NULL,
    number        INTEGER NOT NULL,
    definition    INTEGER NOT NULL REFERENCES definitions (id),
    created_at    INTEGER NOT NULL,
    trigger_kind  TEXT NOT NULL,
    trigger_actor TEXT,
    labels        TEXT NOT NULL,
    last_seq      INTEGER NOT NULL,
    status        TEXT NOT NULL,
    epoch         INTEGER NOT NULL,
    name          TEXT,
    finished_at   INTEGER,
    error         TEXT,
    waiting_steps TEXT NOT NULL,
    UNIQUE (project, pipeline, number)
);
CREATE INDEX runs_of_pipeline ON runs (project, pipeline, id);
CREATE INDEX runs_by_status ON runs (status, id);

CREATE TABLE events (
    run     TEXT NOT NULL REFERENCES runs (id),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    type    TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

-- Attempts that were handed to a worker and are not settled.
CREATE TABLE attempts (
    run     TEXT NOT NULL REFERENCES runs (id),
    attempt TEXT NOT NULL,
    key     TEXT NOT NULL,
    PRIMARY KEY (run, attempt)
) WITHOUT ROWID;

-- Timers that are armed.
CREATE TABLE timers (
    run   TEXT NOT NULL REFERENCES runs (id),
    timer TEXT NOT NULL,
    due   INTEGER NOT NULL,
    spec  TEXT NOT NULL,
    PRIMARY KEY (run, timer)
) WITHOUT ROWID;
CREATE INDEX timers_by_due ON timers (due);

-- Keys that clients sent along, so that asking twice does things once.
CREATE TABLE requests (
    scope  TEXT NOT NULL,
    key    TEXT NOT NULL,
    run    TEXT NOT NULL REFERENCES runs (id),
    digest TEXT NOT NULL,
    PRIMARY KEY (scope, key)
) WITHOUT ROWID;
