-- +goose Up
-- What arrived, one row a report; the id makes its effects happen once. The mail itself stays in the stream, at seq.
CREATE TABLE feedback (
    id            TEXT PRIMARY KEY,
    seq           BIGINT NOT NULL,
    account       TEXT NOT NULL,
    kind          TEXT NOT NULL,
    format        TEXT NOT NULL,
    trust         TEXT NOT NULL,
    source        TEXT NOT NULL,
    received_at   BIGINT NOT NULL,
    reported_at   BIGINT NOT NULL,
    message_id    TEXT NOT NULL,
    reporting_mta TEXT NOT NULL,
    subject       TEXT NOT NULL,
    problem       TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX feedback_by_seq ON feedback (seq);
CREATE INDEX feedback_by_received ON feedback (received_at);

CREATE TABLE feedback_recipient (
    feedback_id     TEXT NOT NULL,
    position        INTEGER NOT NULL,
    address         TEXT NOT NULL,
    notification_id TEXT NOT NULL,
    outcome         TEXT NOT NULL,
    bounce_type     TEXT NOT NULL,
    bounce_sub_type TEXT NOT NULL,
    scope           TEXT NOT NULL,
    reason          TEXT NOT NULL,
    status          TEXT NOT NULL,
    diagnostic      TEXT NOT NULL,
    listed          INTEGER NOT NULL,
    PRIMARY KEY (feedback_id, position)
) WITHOUT ROWID;
CREATE INDEX feedback_recipient_by_address ON feedback_recipient (address);

-- +goose Down
DROP TABLE feedback_recipient;
DROP TABLE feedback;
