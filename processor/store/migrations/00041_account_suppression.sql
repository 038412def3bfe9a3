-- How long automatic entries stay on an account's list, and for which of its mails they count.
-- +goose Up
ALTER TABLE accounts ADD COLUMN suppression_ttl TEXT NOT NULL DEFAULT '{}'; -- JSON: seconds by reason; without one an entry stays
ALTER TABLE accounts ADD COLUMN suppression_scope TEXT NOT NULL DEFAULT 'account'; -- account or identity

-- +goose Down
ALTER TABLE accounts DROP COLUMN suppression_scope;
ALTER TABLE accounts DROP COLUMN suppression_ttl;
