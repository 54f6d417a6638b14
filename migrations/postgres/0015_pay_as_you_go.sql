-- Pay-as-you-go (CRD-9): which model charges a feature, what is metered, and the marketplace's side of it.

-- The marketplace offers pay-as-you-go at no price: nothing is due before something is used.
ALTER TABLE offers DROP CONSTRAINT offers_price_minor_check;
ALTER TABLE offers ADD CONSTRAINT offers_price_minor_check CHECK (price_minor > 0 OR (price_minor = 0 AND credits_min = 1 AND credits_max = 1));
ALTER TABLE quotes DROP CONSTRAINT quotes_price_minor_check;
ALTER TABLE quotes ADD CONSTRAINT quotes_price_minor_check CHECK (price_minor > 0 OR (price_minor = 0 AND amount_minor = 0));

-- One running pay-as-you-go contract a business; the console is not told another way.
CREATE UNIQUE INDEX contracts_pay_as_you_go ON contracts (business_id) WHERE dimension = 'pay_as_you_go' AND ended_at IS NULL;
-- What the clockwork looks for, so that its runs cost what is metered and not what is stored.
CREATE INDEX contracts_metered ON contracts (id) WHERE dimension = 'pay_as_you_go';
CREATE INDEX allocation_accounts_metered ON allocation_accounts (business_id, account) WHERE billing_model = 'pay_as_you_go';
-- Hours before this instant were taken by the marketplace; nothing when none was.
ALTER TABLE contracts ADD COLUMN metered_through TIMESTAMPTZ;

-- Every change of a feature's model: who, when, from what to what, and what was in use then. Never edited.
CREATE TABLE model_changes (
    id          UUID NOT NULL PRIMARY KEY,
    business_id UUID NOT NULL REFERENCES businesses (id),
    feature     TEXT NOT NULL,
    number      BIGINT NOT NULL CHECK (number > 0),
    from_model  TEXT NOT NULL CHECK (from_model IN ('annual', 'pay_as_you_go')),
    to_model    TEXT NOT NULL CHECK (to_model IN ('annual', 'pay_as_you_go')),
    cause       TEXT NOT NULL CHECK (cause IN ('chosen', 'contract_ended')),
    contract_id UUID NOT NULL REFERENCES contracts (id),
    units       BIGINT NOT NULL CHECK (units >= 0),
    in_use      TEXT,
    credits     BIGINT NOT NULL CHECK (credits >= 0),
    changed_at  TIMESTAMPTZ NOT NULL,
    changed_by  TEXT NOT NULL,
    CHECK (from_model <> to_model),
    CHECK (cause = 'chosen' OR to_model = 'annual'),
    CONSTRAINT model_changes_number UNIQUE (business_id, feature, number)
);

-- Units of a feature that are metered from an instant on, until its next record. Never edited.
CREATE TABLE metered_units (
    id             UUID NOT NULL PRIMARY KEY,
    business_id    UUID NOT NULL REFERENCES businesses (id),
    feature        TEXT NOT NULL,
    number         BIGINT NOT NULL CHECK (number > 0),
    contract_id    UUID NOT NULL REFERENCES contracts (id),
    units          BIGINT NOT NULL CHECK (units >= 0),
    metered        BIGINT NOT NULL CHECK (metered >= 0),
    from_at        TIMESTAMPTZ NOT NULL,
    observed_at    TIMESTAMPTZ,
    service_key_id UUID REFERENCES service_keys (id),
    recorded_at    TIMESTAMPTZ NOT NULL,
    recorded_by    TEXT NOT NULL,
    CONSTRAINT metered_units_number UNIQUE (business_id, feature, number)
);
CREATE INDEX metered_units_by_contract ON metered_units (contract_id, feature, number);

-- The marketplace: what it was told of a contract's use, hour by hour.
CREATE TABLE metering_records (
    record_key   TEXT NOT NULL PRIMARY KEY,
    license_arn  TEXT NOT NULL REFERENCES license_arns (arn),
    agreement_id TEXT NOT NULL REFERENCES agreements (id),
    dimension    TEXT NOT NULL,
    hour_at      TIMESTAMPTZ NOT NULL,
    quantity     BIGINT NOT NULL CHECK (quantity > 0),
    received_at  TIMESTAMPTZ NOT NULL,
    CONSTRAINT metering_records_hour UNIQUE (license_arn, dimension, hour_at)
);
CREATE INDEX metering_records_by_agreement ON metering_records (agreement_id, hour_at, dimension);

CREATE TRIGGER model_changes_append_only BEFORE UPDATE OR DELETE ON model_changes FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER metered_units_append_only BEFORE UPDATE OR DELETE ON metered_units FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER metering_records_append_only BEFORE UPDATE OR DELETE ON metering_records FOR EACH ROW EXECUTE FUNCTION refuse_change();
