-- Topics and their subscriptions (package processor/topic).
-- +goose Up
CREATE TABLE topic (
    arn TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    signature_version TEXT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE subscription (
    arn TEXT NOT NULL PRIMARY KEY,
    topic_arn TEXT NOT NULL,
    account TEXT NOT NULL,
    protocol TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    raw INTEGER NOT NULL,
    token TEXT NOT NULL,
    token_expires BIGINT NOT NULL,
    confirmation_was_authenticated INTEGER NOT NULL,
    delivery_policy TEXT NOT NULL,
    created BIGINT NOT NULL,
    UNIQUE (topic_arn, protocol, endpoint)
);

CREATE UNIQUE INDEX subscription_token ON subscription (token);

-- Serves the purge of subscriptions that nobody confirmed.
CREATE INDEX subscription_pending ON subscription (token_expires) WHERE confirmed = 0;

-- +goose Down
DROP TABLE subscription;
DROP TABLE topic;
