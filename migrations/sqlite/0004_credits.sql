-- Credits: append-only entries from which every figure is derived. valid(t) = sum of credits with effective_at <= t < expires_at.

CREATE TABLE credit_entries (
    id           BLOB        NOT NULL PRIMARY KEY,
    business_id  BLOB        NOT NULL REFERENCES businesses (id),
    contract_id  BLOB        NOT NULL REFERENCES contracts (id),
    license_id   BLOB        NOT NULL REFERENCES licenses (id),
    kind         TEXT        NOT NULL CHECK (kind IN ('granted', 'transferred_out', 'transferred_in')),
    credits      INTEGER      NOT NULL CHECK (credits <> 0),
    effective_at TEXT        NOT NULL,
    expires_at   TEXT        NOT NULL,
    recorded_at  TEXT        NOT NULL,
    transfer_id  BLOB        REFERENCES transfers (id),
    CHECK ((kind = 'granted') = (transfer_id IS NULL)),
    CHECK ((kind = 'transferred_out') = (credits < 0))
) STRICT;
CREATE UNIQUE INDEX credit_entries_grant ON credit_entries (license_id) WHERE kind = 'granted';
CREATE UNIQUE INDEX credit_entries_transfer ON credit_entries (transfer_id, license_id, kind) WHERE transfer_id IS NOT NULL;
CREATE INDEX credit_entries_by_business ON credit_entries (business_id, expires_at, effective_at);

-- Reservations of features: units and the change in reserved credits at an instant (CRD-3).
CREATE TABLE allocation_entries (
    id          BLOB        NOT NULL PRIMARY KEY,
    business_id BLOB        NOT NULL REFERENCES businesses (id),
    solution    TEXT        NOT NULL,
    feature     TEXT        NOT NULL,
    units       INTEGER      NOT NULL CHECK (units >= 0),
    credits     INTEGER      NOT NULL,
    recorded_at TEXT        NOT NULL,
    recorded_by TEXT        NOT NULL
) STRICT;
CREATE INDEX allocation_entries_by_business ON allocation_entries (business_id, recorded_at, id);
