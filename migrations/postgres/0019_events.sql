-- Change events as a seller's own systems receive them: what they say, where they go, and what waits to be taken.

-- The event as EventBridge has it, written when it happens. Events from before have none and are delivered to nobody.
ALTER TABLE marketplace_events ADD COLUMN body TEXT;

-- Where a seller's events go. A queue is asked for its messages; a webhook has an address and is sent them once it has
-- confirmed. Which topic: every event, or one listing's messages in the form from before concurrent agreements.
CREATE TABLE event_targets (
    id                UUID NOT NULL PRIMARY KEY,
    seller_id         TEXT NOT NULL REFERENCES sellers (id),
    kind              TEXT NOT NULL CHECK (kind IN ('queue', 'webhook')),
    name              TEXT NOT NULL,
    address           TEXT,
    topic             TEXT NOT NULL CHECK (topic IN ('events', 'entitlement', 'subscription')),
    product_id        TEXT REFERENCES products (id),
    confirmation_hash BYTEA,
    confirmed_at      TIMESTAMPTZ,
    created_at        TIMESTAMPTZ NOT NULL,
    created_by        TEXT NOT NULL,
    withdrawn_at      TIMESTAMPTZ,
    last_answer       TEXT,
    CHECK ((kind = 'webhook') = (address IS NOT NULL)),
    CHECK (kind = 'webhook' OR topic = 'events'),
    CHECK ((topic = 'events') = (product_id IS NULL))
);
CREATE UNIQUE INDEX event_targets_name ON event_targets (seller_id, name) WHERE withdrawn_at IS NULL;
CREATE INDEX event_targets_list ON event_targets (created_at, id);

-- The outbox: one row for each time that an event is to reach a target, written with the event. A row without an event asks a
-- webhook to confirm.
CREATE TABLE event_deliveries (
    id               UUID NOT NULL PRIMARY KEY,
    target_id        UUID NOT NULL REFERENCES event_targets (id),
    event_id         UUID REFERENCES marketplace_events (id),
    kind             TEXT NOT NULL CHECK (kind IN ('queue', 'webhook')),
    message          TEXT NOT NULL,
    status           TEXT NOT NULL CHECK (status IN ('waiting', 'delivered', 'failed')),
    queued_at        TIMESTAMPTZ NOT NULL,
    visible_at       TIMESTAMPTZ NOT NULL,
    attempts         BIGINT NOT NULL CHECK (attempts >= 0),
    first_attempt_at TIMESTAMPTZ,
    settled_at       TIMESTAMPTZ,
    last_answer      TEXT,
    -- When the test bench decided on it; stays empty while the bench is off.
    planned_at       TIMESTAMPTZ,
    CHECK ((status = 'waiting') = (settled_at IS NULL))
);
CREATE INDEX event_deliveries_waiting ON event_deliveries (target_id, visible_at, id) WHERE status = 'waiting';
CREATE INDEX event_deliveries_to_send ON event_deliveries (visible_at, id) WHERE status = 'waiting' AND kind = 'webhook';
CREATE INDEX event_deliveries_by_target ON event_deliveries (target_id, status);
CREATE INDEX event_deliveries_by_event ON event_deliveries (event_id);

-- What signs the messages of webhooks: the certificate for everybody, the key sealed as secrets of access keys are.
CREATE TABLE signing_certificates (
    id          TEXT NOT NULL PRIMARY KEY CHECK (LENGTH(id) = 32),
    generation  BIGINT NOT NULL UNIQUE CHECK (generation > 0),
    certificate TEXT NOT NULL,
    sealed_key  BYTEA NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL
);
