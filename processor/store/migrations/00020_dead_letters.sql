-- Dead-letter queues, every attempt, throttling, the health of endpoints, and alarms (package processor/delivery).
-- +goose Up
ALTER TABLE outbox_entry ADD COLUMN queue TEXT NOT NULL DEFAULT ''; -- ARN of a failed entry's dead-letter queue; '' for the default one
ALTER TABLE outbox_entry ADD COLUMN waited BIGINT NOT NULL DEFAULT 0; -- ms: the delays of its retries since it was published or redriven
ALTER TABLE outbox_entry ADD COLUMN held BIGINT NOT NULL DEFAULT 0; -- since when a throttle holds it; 0 for not

-- Counts what a subscription lost, and finds it; over all subscriptions it counts what failed.
DROP INDEX outbox_entry_failed;
CREATE INDEX outbox_entry_failed ON outbox_entry (subscription_arn, id) WHERE failed > 0;

ALTER TABLE outbox_endpoint ADD COLUMN strikes INTEGER NOT NULL DEFAULT 0; -- the failures that count for the breaker
ALTER TABLE outbox_endpoint ADD COLUMN failing_since BIGINT NOT NULL DEFAULT 0; -- the first failure after the last success
ALTER TABLE outbox_endpoint ADD COLUMN last_success BIGINT NOT NULL DEFAULT 0; -- to the minute

CREATE TABLE outbox_attempt (
    entry BIGINT NOT NULL,
    number INTEGER NOT NULL,
    at BIGINT NOT NULL,
    took BIGINT NOT NULL, -- ms
    status INTEGER NOT NULL,
    error TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (entry, number)
);

-- The subscriptions that lost something once.
CREATE TABLE outbox_trouble (
    subscription_arn TEXT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL, -- the first loss after the last success; 0 when there was a success
    alarmed BIGINT NOT NULL -- when the owner was told; 0 for never
);

-- +goose Down
DROP TABLE outbox_trouble;
DROP TABLE outbox_attempt;
ALTER TABLE outbox_endpoint DROP COLUMN last_success;
ALTER TABLE outbox_endpoint DROP COLUMN failing_since;
ALTER TABLE outbox_endpoint DROP COLUMN strikes;
DROP INDEX outbox_entry_failed;
CREATE INDEX outbox_entry_failed ON outbox_entry (failed) WHERE failed > 0;
ALTER TABLE outbox_entry DROP COLUMN held;
ALTER TABLE outbox_entry DROP COLUMN waited;
ALTER TABLE outbox_entry DROP COLUMN queue;
