-- Who may reach what. A token is stored as its SHA-256 hash; `roles` and `reach` are JSON lists. Rows are never deleted.
CREATE TABLE tokens (
    id         TEXT COLLATE "C" PRIMARY KEY,
    hash       TEXT COLLATE "C" NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    roles      TEXT NOT NULL,
    reach      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    used_at    BIGINT
);

-- Who has changed what. `hash` is of the hash before, the number and the entry, so that no row can be changed or taken out
-- without all behind it.
CREATE TABLE audit (
    n     BIGINT PRIMARY KEY,
    entry TEXT NOT NULL,
    hash  TEXT NOT NULL
);

-- Adds a row to the audit. Servers wait for each other until their transactions end, so that the rows are one chain; each
-- command of the function sees what was committed before it.
CREATE FUNCTION append_audit(told TEXT) RETURNS BIGINT LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    last_n    BIGINT;
    last_hash TEXT;
BEGIN
    PERFORM pg_advisory_xact_lock(1280266065);
    SELECT audit.n, audit.hash INTO last_n, last_hash FROM audit ORDER BY audit.n DESC LIMIT 1;
    last_n := coalesce(last_n, 0) + 1;
    INSERT INTO audit (n, entry, hash) VALUES (last_n, told, encode(
        sha256(convert_to(coalesce(last_hash, '') || E'\n' || last_n || E'\n' || told, 'UTF8')), 'hex'));
    RETURN last_n;
END
$$;
