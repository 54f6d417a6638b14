-- What AWS tells the console: events as they came, stored before anything is made of them. One of the three keys of an
-- event is enough to know it again, so the insert itself decides what a duplicate is.
CREATE TABLE incoming_events (
    id                    BLOB    NOT NULL PRIMARY KEY,
    raw                   TEXT    NOT NULL,
    kind                  TEXT    NOT NULL,
    event_key             TEXT    CONSTRAINT incoming_events_event UNIQUE,
    request_key           TEXT    CONSTRAINT incoming_events_request UNIQUE,
    message_key           TEXT    CONSTRAINT incoming_events_message UNIQUE,
    license_key           TEXT,
    license_arn           TEXT,
    agreement_id          TEXT,
    previous_agreement_id TEXT,
    product_code          TEXT,
    customer_id           TEXT,
    happened_at           TEXT,
    received_at           TEXT    NOT NULL,
    state                 TEXT    NOT NULL CHECK (state IN ('waiting', 'followed', 'unmatched', 'ignored', 'unreadable')),
    settled_at            TEXT,
    duplicates            INTEGER NOT NULL DEFAULT 0 CHECK (duplicates >= 0),
    tries                 INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0),
    again_at              TEXT,
    CHECK (event_key IS NOT NULL OR request_key IS NOT NULL OR message_key IS NOT NULL),
    CHECK ((state = 'waiting') = (settled_at IS NULL))
) STRICT;
CREATE INDEX incoming_events_waiting ON incoming_events (received_at, id) WHERE state = 'waiting';
CREATE INDEX incoming_events_unmatched ON incoming_events (id) WHERE state = 'unmatched';
CREATE INDEX incoming_events_list ON incoming_events (received_at, id);
CREATE INDEX incoming_events_by_state ON incoming_events (state, received_at, id);
CREATE INDEX incoming_events_by_agreement ON incoming_events (agreement_id) WHERE previous_agreement_id IS NOT NULL;

-- Events name a purchase by its agreement, and after a renewal by a former one.
CREATE INDEX contract_arns_by_agreement ON contract_arns (agreement_id);
