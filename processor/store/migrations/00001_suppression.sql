-- +goose Up
-- The addresses that get no mail: one global list, and one for each account. The key is the hash of the folded address, so
-- that the rows of one list lie together and are small to find; whoever reads a row compares the address too.
CREATE TABLE suppression (
    account     TEXT   NOT NULL, -- '' is the global list
    hash        BYTEA  NOT NULL, -- first 16 bytes of SHA-256 of the folded address
    address     TEXT   NOT NULL, -- as first given
    reason      TEXT   NOT NULL, -- BOUNCE or COMPLAINT
    feedback_id TEXT   NOT NULL, -- '' when put by hand
    message_id  TEXT   NOT NULL, -- '' when put by hand
    created     BIGINT NOT NULL,
    updated     BIGINT NOT NULL,
    expires     BIGINT NOT NULL, -- 0 is never
    PRIMARY KEY (account, hash)
) WITHOUT ROWID;
CREATE INDEX suppression_expires ON suppression (expires) WHERE expires > 0;

-- +goose Down
DROP TABLE suppression;
