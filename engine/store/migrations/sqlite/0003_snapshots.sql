-- States of long runs after some of their events, so that a history need not be folded from its beginning. Only a help:
-- rows may be missing or unreadable, `events` is the truth.
CREATE TABLE snapshots (
    run   TEXT NOT NULL REFERENCES runs (id),
    seq   INTEGER NOT NULL,
    apart INTEGER NOT NULL,
    state BLOB NOT NULL,
    PRIMARY KEY (run, seq)
);
