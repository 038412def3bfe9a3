-- Configuration sets and where the events of their mails go (package processor/account).
-- +goose Up
CREATE TABLE configuration_sets (
    account            TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name               TEXT    NOT NULL,
    suppressed_reasons TEXT    NOT NULL, -- JSON list; null follows the account, [] is none
    sending_enabled    INTEGER NOT NULL,
    tags               TEXT    NOT NULL, -- JSON object or null
    options            TEXT    NOT NULL, -- JSON object or null: the further option blocks of SES as they were given
    created            BIGINT  NOT NULL,
    PRIMARY KEY (account, name)
);

CREATE TABLE event_destinations (
    account           TEXT    NOT NULL,
    configuration_set TEXT    NOT NULL,
    name              TEXT    NOT NULL,
    enabled           INTEGER NOT NULL,
    event_types       TEXT    NOT NULL, -- JSON list in the spelling of SES v2
    topic_arn         TEXT    NOT NULL,
    detached          BIGINT  NOT NULL, -- when it was disabled because its topic was gone; 0 is never
    PRIMARY KEY (account, configuration_set, name),
    FOREIGN KEY (account, configuration_set) REFERENCES configuration_sets (account, name) ON DELETE CASCADE
);
CREATE INDEX event_destinations_topic ON event_destinations (topic_arn);

-- +goose Down
DROP TABLE event_destinations;
DROP TABLE configuration_sets;
