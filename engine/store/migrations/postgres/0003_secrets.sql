-- Secrets, sealed with a key that is not stored here. `pipelines` is a JSON list of those that may read it; an empty one: all.
CREATE TABLE secrets (
    project    TEXT COLLATE "C" NOT NULL,
    name       TEXT COLLATE "C" NOT NULL,
    pipelines  TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    PRIMARY KEY (project, name)
);
