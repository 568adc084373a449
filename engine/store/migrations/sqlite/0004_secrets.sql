-- Secrets, sealed with a key that is not stored here. `pipelines` is a JSON list of those that may read it; an empty one: all.
CREATE TABLE secrets (
    project    TEXT NOT NULL,
    name       TEXT NOT NULL,
    pipelines  TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (project, name)
) WITHOUT ROWID;
