-- What the SNS API keeps of topics and subscriptions, what an access key may do, and message attributes.
-- +goose Up
ALTER TABLE topic ADD COLUMN attributes TEXT NOT NULL DEFAULT 'null'; -- JSON object or null: DeliveryPolicy, Policy and others as they were set
ALTER TABLE topic ADD COLUMN tags TEXT NOT NULL DEFAULT 'null'; -- JSON object or null

ALTER TABLE subscription ADD COLUMN filter_policy TEXT NOT NULL DEFAULT ''; -- JSON as it was set; '' for none
ALTER TABLE subscription ADD COLUMN filter_policy_scope TEXT NOT NULL DEFAULT '';
ALTER TABLE subscription ADD COLUMN redrive_policy TEXT NOT NULL DEFAULT ''; -- JSON as it was set; '' for none

ALTER TABLE access_keys ADD COLUMN permissions TEXT NOT NULL DEFAULT '["administer"]'; -- JSON list

ALTER TABLE outbox_message ADD COLUMN attributes TEXT NOT NULL DEFAULT ''; -- JSON object of message attributes; '' for none

-- +goose Down
ALTER TABLE outbox_message DROP COLUMN attributes;
ALTER TABLE access_keys DROP COLUMN permissions;
ALTER TABLE subscription DROP COLUMN redrive_policy;
ALTER TABLE subscription DROP COLUMN filter_policy_scope;
ALTER TABLE subscription DROP COLUMN filter_policy;
ALTER TABLE topic DROP COLUMN tags;
ALTER TABLE topic DROP COLUMN attributes;
