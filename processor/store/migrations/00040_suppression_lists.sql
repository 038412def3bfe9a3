-- +goose Up
-- The lists get numbers, so that the row of an address is small: ten million fit in less than a gigabyte. 0 is the global list.
CREATE TABLE suppression_list (
    id       BIGINT  NOT NULL PRIMARY KEY,
    account  TEXT    NOT NULL, -- '' is the global list
    identity TEXT    NOT NULL, -- '' is all that the account sends
    allow    INTEGER NOT NULL, -- 1 is the list of addresses that may get mail although they are on the global one
    UNIQUE (account, identity, allow)
);
INSERT INTO suppression_list (id, account, identity, allow) VALUES (0, '', '', 0);
INSERT INTO suppression_list (id, account, identity, allow)
    SELECT row_number() OVER (ORDER BY account), account, '', 0 FROM (SELECT DISTINCT account FROM suppression WHERE account <> '') AS accounts;

-- The key is the hash of the folded address, so that the rows of one list lie together and are small to find; whoever reads
-- a row compares the address too. Nothing but the key is indexed: what has expired is found by reading through.
CREATE TABLE suppression_entry (
    list     BIGINT   NOT NULL,
    hash     BYTEA    NOT NULL, -- first 16 bytes of SHA-256 of the folded address
    address  TEXT     NOT NULL, -- as first given
    reason   SMALLINT NOT NULL, -- 1 BOUNCE, 2 COMPLAINT, 3 MANUAL
    feedback BYTEA    NOT NULL, -- the feedback id, 23 bytes in SES's shape; empty when put by hand
    message  BYTEA    NOT NULL, -- the message id, in the same form
    created  BIGINT   NOT NULL, -- milliseconds since 1970, as are the next two
    age      BIGINT   NOT NULL, -- from the creation to the last update
    expires  BIGINT   NOT NULL, -- 0 is never
    PRIMARY KEY (list, hash)
) WITHOUT ROWID;
INSERT INTO suppression_entry (list, hash, address, reason, feedback, message, created, age, expires)
    SELECT l.id, s.hash, s.address, CASE s.reason WHEN 'COMPLAINT' THEN 2 ELSE 1 END,
        CAST(s.feedback_id AS BLOB), CAST(s.message_id AS BLOB), s.created, s.updated - s.created, s.expires
    FROM suppression s JOIN suppression_list l ON l.account = s.account ORDER BY l.id, s.hash;
DROP TABLE suppression;

-- What changed, in the order in which it did. The one row of suppression_journal is locked by whoever changes a list until
-- that is committed, so whoever reads a number knows that all lower ones are there.
CREATE TABLE suppression_journal (
    id     INTEGER NOT NULL PRIMARY KEY,
    last   BIGINT  NOT NULL, -- the number of the last change
    purged BIGINT  NOT NULL  -- the number of the last change that is no longer kept
);
INSERT INTO suppression_journal (id, last, purged) VALUES (1, 0, 0);

CREATE TABLE suppression_change (
    seq      BIGINT   NOT NULL PRIMARY KEY,
    list     BIGINT   NOT NULL,
    address  TEXT     NOT NULL, -- as it was put, or as it stood on the list that it was taken off
    reason   SMALLINT NOT NULL, -- 0 is taken off the list
    feedback BYTEA    NOT NULL,
    expires  BIGINT   NOT NULL,
    at       BIGINT   NOT NULL
) WITHOUT ROWID;

-- +goose Down
CREATE TABLE suppression (
    account     TEXT   NOT NULL,
    hash        BYTEA  NOT NULL,
    address     TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    feedback_id TEXT   NOT NULL,
    message_id  TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    updated     BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    PRIMARY KEY (account, hash)
) WITHOUT ROWID;
CREATE INDEX suppression_expires ON suppression (expires) WHERE expires > 0;
INSERT INTO suppression (account, hash, address, reason, feedback_id, message_id, created, updated, expires)
    SELECT l.account, e.hash, e.address, CASE e.reason WHEN 2 THEN 'COMPLAINT' ELSE 'BOUNCE' END, '', '', e.created, e.created + e.age, e.expires
    FROM suppression_entry e JOIN suppression_list l ON l.id = e.list WHERE l.identity = '' AND l.allow = 0;
DROP TABLE suppression_change;
DROP TABLE suppression_journal;
DROP TABLE suppression_entry;
DROP TABLE suppression_list;
