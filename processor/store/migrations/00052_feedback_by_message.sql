-- Finds what arrived about a mail.
-- +goose Up
CREATE INDEX feedback_by_message ON feedback (message_id) WHERE message_id <> '';

-- +goose Down
DROP INDEX feedback_by_message;
