-- What SES's APIs keep of accounts and identities beside what decides about feedback (package processor/account).
-- +goose Up
ALTER TABLE accounts ADD COLUMN sending_paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN details TEXT NOT NULL DEFAULT 'null'; -- JSON object or null: what PutAccountDetails said

ALTER TABLE identities ADD COLUMN tags TEXT NOT NULL DEFAULT 'null'; -- JSON object or null
ALTER TABLE identities ADD COLUMN configuration_set TEXT NOT NULL DEFAULT ''; -- of mails that choose none; '' is none

-- +goose Down
ALTER TABLE identities DROP COLUMN configuration_set;
ALTER TABLE identities DROP COLUMN tags;
ALTER TABLE accounts DROP COLUMN details;
ALTER TABLE accounts DROP COLUMN sending_paused;
