-- Who may reach what. A token is stored as its SHA-256 hash; `roles` and `reach` are JSON lists. Rows are never deleted.
CREATE TABLE tokens (
    id         TEXT PRIMARY KEY NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    roles      TEXT NOT NULL,
    reach      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    used_at    INTEGER
) WITHOUT ROWID;

-- Who has changed what. `hash` is of the hash before, the number and the entry, so that no row can be changed or taken out
-- without all behind it.
CREATE TABLE audit (
    n     INTEGER PRIMARY KEY NOT NULL,
    entry TEXT NOT NULL,
    hash  TEXT NOT NULL
);
