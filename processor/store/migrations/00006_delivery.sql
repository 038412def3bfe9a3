-- The outbox (package processor/delivery): what has to reach subscribers, and what could not.
-- +goose Up
CREATE TABLE outbox_message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    topic_arn TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    feedback_id TEXT NOT NULL,
    feedback_seq BIGINT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE outbox_endpoint (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    protocol TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    paused_until BIGINT NOT NULL DEFAULT 0,
    UNIQUE (protocol, endpoint)
);

CREATE TABLE outbox_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message BIGINT NOT NULL REFERENCES outbox_message (seq),
    endpoint BIGINT NOT NULL REFERENCES outbox_endpoint (id),
    subscription_arn TEXT NOT NULL,
    due BIGINT NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    attempts INTEGER NOT NULL DEFAULT 0,
    failed BIGINT NOT NULL DEFAULT 0,
    last_attempt BIGINT NOT NULL DEFAULT 0,
    last_status INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    last_answer TEXT NOT NULL DEFAULT ''
);

CREATE INDEX outbox_entry_message ON outbox_entry (message);

-- Serves the claims of an endpoint and the look for the next time that anything is due.
CREATE INDEX outbox_entry_due ON outbox_entry (endpoint, due);

CREATE INDEX outbox_entry_failed ON outbox_entry (failed) WHERE failed > 0;

-- +goose Down
DROP TABLE outbox_entry;
DROP TABLE outbox_endpoint;
DROP TABLE outbox_message;
