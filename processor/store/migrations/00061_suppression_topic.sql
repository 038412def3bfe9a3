-- Where changes of the suppression lists are published: packages processor/account and processor.
-- +goose Up
ALTER TABLE accounts ADD COLUMN suppression_topic TEXT NOT NULL DEFAULT ''; -- ARN; '' is none

CREATE TABLE suppression_follower (
    id  INTEGER NOT NULL PRIMARY KEY,
    seq BIGINT  NOT NULL -- of the last change that was published
);
INSERT INTO suppression_follower (id, seq) SELECT 1, last FROM suppression_journal;

-- +goose Down
DROP TABLE suppression_follower;
ALTER TABLE accounts DROP COLUMN suppression_topic;
