-- What became of topics that were deleted while identities published to them: packages processor/account and processor.
-- +goose Up
ALTER TABLE accounts ADD COLUMN contact TEXT NOT NULL DEFAULT ''; -- mail address of who runs the account; '' is unknown

ALTER TABLE identities ADD COLUMN detached_topic TEXT NOT NULL DEFAULT ''; -- the ARN that was taken away last; '' is none
ALTER TABLE identities ADD COLUMN detached BIGINT NOT NULL DEFAULT 0; -- when

-- Notifications that could not be published because their topic was gone.
CREATE TABLE unpublished (
    id          TEXT   NOT NULL PRIMARY KEY, -- the SNS MessageId
    account     TEXT   NOT NULL,
    topic_arn   TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    body        TEXT   NOT NULL,
    feedback_id TEXT   NOT NULL,
    created     BIGINT NOT NULL
);
CREATE INDEX unpublished_topic ON unpublished (account, topic_arn, created);
CREATE INDEX unpublished_created ON unpublished (created);

-- +goose Down
DROP TABLE unpublished;
ALTER TABLE identities DROP COLUMN detached;
ALTER TABLE identities DROP COLUMN detached_topic;
ALTER TABLE accounts DROP COLUMN contact;
