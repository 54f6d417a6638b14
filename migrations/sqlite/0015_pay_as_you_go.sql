-- Pay-as-you-go (CRD-9): which model charges a feature, what is metered, and the marketplace's side of it.

-- The marketplace offers pay-as-you-go at no price: nothing is due before something is used. Stored rows satisfy the wider CHECK
-- as they did the narrower one, and SQLite cannot alter a CHECK otherwise without making the tables anew.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = REPLACE(sql, 'CHECK (price_minor > 0)', 'CHECK (price_minor > 0 OR (price_minor = 0 AND credits_min = 1 AND credits_max = 1))') WHERE type = 'table' AND name = 'offers';
UPDATE sqlite_schema SET sql = REPLACE(sql, 'CHECK (price_minor > 0)', 'CHECK (price_minor > 0 OR (price_minor = 0 AND amount_minor = 0))') WHERE type = 'table' AND name = 'quotes';
PRAGMA writable_schema = RESET;

-- One running pay-as-you-go contract a business; the console is not told another way.
CREATE UNIQUE INDEX contracts_pay_as_you_go ON contracts (business_id) WHERE dimension = 'pay_as_you_go' AND ended_at IS NULL;
-- What the clockwork looks for, so that its runs cost what is metered and not what is stored.
CREATE INDEX contracts_metered ON contracts (id) WHERE dimension = 'pay_as_you_go';
CREATE INDEX allocation_accounts_metered ON allocation_accounts (business_id, account) WHERE billing_model = 'pay_as_you_go';
-- Hours before this instant were taken by the marketplace; nothing when none was.
ALTER TABLE contracts ADD COLUMN metered_through TEXT;

-- Every change of a feature's model: who, when, from what to what, and what was in use then. Never edited.
CREATE TABLE model_changes (
    id          BLOB NOT NULL PRIMARY KEY,
    business_id BLOB NOT NULL REFERENCES businesses (id),
    feature     TEXT NOT NULL,
    number      INTEGER NOT NULL CHECK (number > 0),
    from_model  TEXT NOT NULL CHECK (from_model IN ('annual', 'pay_as_you_go')),
    to_model    TEXT NOT NULL CHECK (to_model IN ('annual', 'pay_as_you_go')),
    cause       TEXT NOT NULL CHECK (cause IN ('chosen', 'contract_ended')),
    contract_id BLOB NOT NULL REFERENCES contracts (id),
    units       INTEGER NOT NULL CHECK (units >= 0),
    in_use      TEXT,
    credits     INTEGER NOT NULL CHECK (credits >= 0),
    changed_at  TEXT NOT NULL,
    changed_by  TEXT NOT NULL,
    CHECK (from_model <> to_model),
    CHECK (cause = 'chosen' OR to_model = 'annual'),
    CONSTRAINT model_changes_number UNIQUE (business_id, feature, number)
) STRICT;

-- Units of a feature that are metered from an instant on, until its next record. Never edited.
CREATE TABLE metered_units (
    id             BLOB NOT NULL PRIMARY KEY,
    business_id    BLOB NOT NULL REFERENCES businesses (id),
    feature        TEXT NOT NULL,
    number         INTEGER NOT NULL CHECK (number > 0),
    contract_id    BLOB NOT NULL REFERENCES contracts (id),
    units          INTEGER NOT NULL CHECK (units >= 0),
    metered        INTEGER NOT NULL CHECK (metered >= 0),
    from_at        TEXT NOT NULL,
    observed_at    TEXT,
    service_key_id BLOB REFERENCES service_keys (id),
    recorded_at    TEXT NOT NULL,
    recorded_by    TEXT NOT NULL,
    CONSTRAINT metered_units_number UNIQUE (business_id, feature, number)
) STRICT;
CREATE INDEX metered_units_by_contract ON metered_units (contract_id, feature, number);

-- The marketplace: what it was told of a contract's use, hour by hour.
CREATE TABLE metering_records (
    record_key   TEXT NOT NULL PRIMARY KEY,
    license_arn  TEXT NOT NULL REFERENCES license_arns (arn),
    agreement_id TEXT NOT NULL REFERENCES agreements (id),
    dimension    TEXT NOT NULL,
    hour_at      TEXT NOT NULL,
    quantity     INTEGER NOT NULL CHECK (quantity > 0),
    received_at  TEXT NOT NULL,
    CONSTRAINT metering_records_hour UNIQUE (license_arn, dimension, hour_at)
) STRICT;
CREATE INDEX metering_records_by_agreement ON metering_records (agreement_id, hour_at, dimension);

CREATE TRIGGER model_changes_no_update BEFORE UPDATE ON model_changes
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of model_changes is refused');
END;
CREATE TRIGGER model_changes_no_delete BEFORE DELETE ON model_changes
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of model_changes is refused');
END;
CREATE TRIGGER metered_units_no_update BEFORE UPDATE ON metered_units
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of metered_units is refused');
END;
CREATE TRIGGER metered_units_no_delete BEFORE DELETE ON metered_units
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of metered_units is refused');
END;
CREATE TRIGGER metering_records_no_update BEFORE UPDATE ON metering_records
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of metering_records is refused');
END;
CREATE TRIGGER metering_records_no_delete BEFORE DELETE ON metering_records
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of metering_records is refused');
END;
