-- +goose Up
-- What happened to an account's mail, in points of 15 minutes. A point without counts has no row.
CREATE TABLE statistics (
    account           TEXT   NOT NULL,
    at                BIGINT NOT NULL, -- start of the point, unix milliseconds
    delivery_attempts BIGINT NOT NULL,
    bounces           BIGINT NOT NULL,
    complaints        BIGINT NOT NULL,
    rejects           BIGINT NOT NULL,
    deliveries        BIGINT NOT NULL,
    PRIMARY KEY (account, at)
) WITHOUT ROWID;
CREATE INDEX statistics_at ON statistics (at);

-- +goose Down
DROP TABLE statistics;
