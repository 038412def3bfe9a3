-- A subscription that its unsubscribe link ended can be restored with its new token until that expires (package processor/topic).
-- +goose Up
ALTER TABLE subscription ADD COLUMN ended BIGINT NOT NULL DEFAULT 0; -- unix milliseconds; 0 while it has not ended

-- +goose Down
ALTER TABLE subscription DROP COLUMN ended;
