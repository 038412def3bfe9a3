-- Import and export jobs (package processor/awsapi/jobs).
-- +goose Up
CREATE TABLE jobs (
    id         TEXT   NOT NULL PRIMARY KEY,
    account    TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    kind       TEXT   NOT NULL, -- import or export
    task       TEXT   NOT NULL, -- JSON: what is to be done
    status     TEXT   NOT NULL, -- as SES names them
    created    BIGINT NOT NULL, -- unix milliseconds, as are the times below
    completed  BIGINT NOT NULL DEFAULT 0, -- 0: not yet
    processed  BIGINT NOT NULL DEFAULT 0, -- records
    failed     BIGINT NOT NULL DEFAULT 0, -- records of an import that were refused
    exported   BIGINT NOT NULL DEFAULT 0, -- records of an export that were written
    result_url TEXT   NOT NULL DEFAULT '', -- of an import the refused records, of an export the file
    problem    TEXT   NOT NULL DEFAULT '', -- why it failed
    owner      TEXT   NOT NULL DEFAULT '', -- of the runner that works on it
    leased     BIGINT NOT NULL DEFAULT 0   -- until when it does
);
CREATE INDEX jobs_by_account ON jobs (account, kind, created, id);
CREATE INDEX jobs_unfinished ON jobs (created) WHERE completed = 0;

-- +goose Down
DROP TABLE jobs;
