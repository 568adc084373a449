-- Who holds a place in a concurrency group or a lock, or waits for one. `number` is the order of asking.
CREATE TABLE slots (
    run     TEXT NOT NULL REFERENCES runs (id),
    slot    TEXT NOT NULL,
    number  INTEGER NOT NULL,
    granted INTEGER NOT NULL,
    spec    TEXT NOT NULL,
    ask     TEXT NOT NULL,
    PRIMARY KEY (run, slot)
) WITHOUT ROWID;
CREATE INDEX slots_by_number ON slots (number);
