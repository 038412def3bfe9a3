-- +goose Up
-- The mails that were sent, for as long as feedback may come. Ids grow with the time of sending, so the oldest mails are
-- the first of the key. name is the id by which reports refer to the mail: its Message-ID, or the SES id when it has none.
CREATE TABLE sent_mails (
    id                BIGINT  NOT NULL PRIMARY KEY, -- unix milliseconds of sending, then 21 random bits
    account           TEXT    NOT NULL,
    name              TEXT    NOT NULL, -- without angle brackets
    recipients        BYTEA   NOT NULL, -- first 16 bytes of SHA-256 of the folded addresses
    message_id        TEXT    NOT NULL, -- SES id
    header_message_id TEXT    NOT NULL, -- with angle brackets; '' when the mail has none
    identity          TEXT    NOT NULL, -- '' when the source tells it
    source            TEXT    NOT NULL,
    source_ip         TEXT    NOT NULL,
    caller_identity   TEXT    NOT NULL,
    destination       TEXT    NOT NULL, -- JSON list
    header            TEXT    NOT NULL, -- JSON list
    headers_truncated INTEGER NOT NULL,
    tags              TEXT    NOT NULL, -- JSON object
    configuration_set TEXT    NOT NULL,
    sent              BIGINT  NOT NULL
);
CREATE UNIQUE INDEX sent_mails_name ON sent_mails (name, recipients, account);
CREATE INDEX sent_mails_message_id ON sent_mails (message_id);

-- The id of a recipient is random: it is what a return path holds.
CREATE TABLE sent_recipients (
    mail     BIGINT NOT NULL REFERENCES sent_mails (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    id       BIGINT NOT NULL,
    address  TEXT   NOT NULL,
    PRIMARY KEY (mail, position)
) WITHOUT ROWID;
CREATE UNIQUE INDEX sent_recipients_id ON sent_recipients (id);

-- +goose Down
DROP TABLE sent_recipients;
DROP TABLE sent_mails;
