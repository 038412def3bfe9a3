-- Reports are found by the address that they name, however its letters are cased.
-- +goose Up
DROP INDEX feedback_recipient_by_address;
CREATE INDEX feedback_recipient_by_address ON feedback_recipient (lower(address));

-- +goose Down
DROP INDEX feedback_recipient_by_address;
CREATE INDEX feedback_recipient_by_address ON feedback_recipient (address);
