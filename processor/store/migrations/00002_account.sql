-- +goose Up
CREATE TABLE accounts (
    id                 TEXT   NOT NULL PRIMARY KEY, -- 12 digits
    name               TEXT   NOT NULL,
    suppressed_reasons TEXT   NOT NULL, -- JSON list; [] when the account has no list of its own
    created            BIGINT NOT NULL
);

-- Secrets are kept readable, because the signatures of requests are computed from them.
CREATE TABLE access_keys (
    id      TEXT   NOT NULL PRIMARY KEY,
    secret  TEXT   NOT NULL,
    account TEXT   NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created BIGINT NOT NULL
);
CREATE INDEX access_keys_account ON access_keys (account);

-- The addresses and domains that an account sends with, and where their feedback goes.
CREATE TABLE identities (
    account              TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    key                  TEXT    NOT NULL, -- the identity for comparing
    identity             TEXT    NOT NULL, -- as first given
    bounce_topic         TEXT    NOT NULL, -- '' is none
    complaint_topic      TEXT    NOT NULL,
    delivery_topic       TEXT    NOT NULL,
    forwarding_enabled   INTEGER NOT NULL,
    headers_in_bounce    INTEGER NOT NULL,
    headers_in_complaint INTEGER NOT NULL,
    headers_in_delivery  INTEGER NOT NULL,
    created              BIGINT  NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE INDEX identities_key ON identities (key, account);

-- +goose Down
DROP TABLE identities;
DROP TABLE access_keys;
DROP TABLE accounts;
