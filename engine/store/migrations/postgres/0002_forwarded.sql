-- Requests that a server left for the one that drives. `taken` is the term of the one that took it: each is taken once at the
-- most, and one that was taken in an earlier term and has no answer never gets one. Whoever asked deletes it.
CREATE TABLE forwarded (
    id      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
    request TEXT NOT NULL,
    taken   INTEGER,
    answer  TEXT
);
CREATE INDEX forwarded_waiting ON forwarded (id) WHERE taken IS NULL;
