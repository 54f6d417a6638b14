-- Credits: append-only entries from which every figure is derived. valid(t) = sum of credits with effective_at <= t < expires_at.

CREATE TABLE credit_entries (
    id           UUID        NOT NULL PRIMARY KEY,
    business_id  UUID        NOT NULL REFERENCES businesses (id),
    contract_id  UUID        NOT NULL REFERENCES contracts (id),
    license_id   UUID        NOT NULL REFERENCES licenses (id),
    kind         TEXT        NOT NULL CHECK (kind IN ('granted', 'transferred_out', 'transferred_in')),
    credits      BIGINT      NOT NULL CHECK (credits <> 0),
    effective_at TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    recorded_at  TIMESTAMPTZ NOT NULL,
    transfer_id  UUID        REFERENCES transfers (id),
    CHECK ((kind = 'granted') = (transfer_id IS NULL)),
    CHECK ((kind = 'transferred_out') = (credits < 0))
);
CREATE UNIQUE INDEX credit_entries_grant ON credit_entries (license_id) WHERE kind = 'granted';
CREATE UNIQUE INDEX credit_entries_transfer ON credit_entries (transfer_id, license_id, kind) WHERE transfer_id IS NOT NULL;
CREATE INDEX credit_entries_by_business ON credit_entries (business_id, expires_at, effective_at);

-- Reservations of features: units and the change in reserved credits at an instant (CRD-3).
CREATE TABLE allocation_entries (
    id          UUID        NOT NULL PRIMARY KEY,
    business_id UUID        NOT NULL REFERENCES businesses (id),
    solution    TEXT        NOT NULL,
    feature     TEXT        NOT NULL,
    units       BIGINT      NOT NULL CHECK (units >= 0),
    credits     BIGINT      NOT NULL,
    recorded_at TIMESTAMPTZ NOT NULL,
    recorded_by TEXT        NOT NULL
);
CREATE INDEX allocation_entries_by_business ON allocation_entries (business_id, recorded_at, id);
