-- A change about an address that was forgotten keeps the hash of it alone (package suppression).
-- +goose Up
ALTER TABLE suppression_change ADD COLUMN hash BYTEA NOT NULL DEFAULT ''; -- first 16 bytes of SHA-256 of the folded address; '' while the address is known

-- +goose Down
ALTER TABLE suppression_change DROP COLUMN hash;
