-- The console: a purchase becomes licenses of one business.

CREATE TABLE registrations (
    id               BLOB        NOT NULL PRIMARY KEY,
    token_hash       BLOB        NOT NULL CONSTRAINT registrations_token UNIQUE,
    source           TEXT        NOT NULL CHECK (source IN ('embedded', 'aws')),
    license_arn      TEXT        NOT NULL,
    product_code     TEXT        NOT NULL,
    product_name     TEXT        NOT NULL,
    seller_name      TEXT        NOT NULL,
    agreement_id     TEXT        NOT NULL,
    buyer_account_id TEXT        NOT NULL,
    landed_at        TEXT        NOT NULL,
    expires_at       TEXT        NOT NULL,
    completed_at     TEXT
) STRICT;
CREATE INDEX registrations_by_arn ON registrations (license_arn, landed_at, id);
CREATE INDEX registrations_by_key ON registrations (SUBSTR(license_arn, LENGTH(license_arn) - 33));

-- What a browser holds instead of the token. A hand-over link has one that only works in its business (SET-9).
CREATE TABLE registration_handles (
    handle_hash     BLOB        NOT NULL PRIMARY KEY,
    registration_id BLOB        NOT NULL REFERENCES registrations (id),
    business_id     BLOB        REFERENCES businesses (id),
    created_by      BLOB        REFERENCES people (id),
    created_at      TEXT        NOT NULL,
    expires_at      TEXT        NOT NULL
) STRICT;
CREATE INDEX registration_handles_by_expiry ON registration_handles (expires_at);

-- The licenses of one license ARN taken together. ACT-6 rests on contracts_arn.
CREATE TABLE contracts (
    id                   BLOB        NOT NULL PRIMARY KEY,
    business_id          BLOB        NOT NULL REFERENCES businesses (id),
    source               TEXT        NOT NULL CHECK (source IN ('embedded', 'aws')),
    license_arn          TEXT        NOT NULL CONSTRAINT contracts_arn UNIQUE,
    product_code         TEXT        NOT NULL,
    product_name         TEXT        NOT NULL,
    seller_name          TEXT        NOT NULL,
    dimension            TEXT        NOT NULL,
    agreement_id         TEXT        NOT NULL,
    initial_agreement_id TEXT        NOT NULL,
    buyer_account_id     TEXT        NOT NULL,
    auto_renew           INTEGER     NOT NULL,
    granted              INTEGER      NOT NULL CHECK (granted > 0),
    expires_at           TEXT        NOT NULL,
    activated_at         TEXT        NOT NULL,
    activated_by         BLOB        NOT NULL REFERENCES people (id),
    reported_at          TEXT,
    CONSTRAINT contracts_owner UNIQUE (id, business_id)
) STRICT;
CREATE INDEX contracts_by_business ON contracts (business_id, activated_at, id);
CREATE INDEX contracts_by_agreement ON contracts (agreement_id);
-- Staff look a purchase up by the last part of its license ARN, `l-` and 32 hexadecimal digits.
CREATE INDEX contracts_by_key ON contracts (SUBSTR(license_arn, LENGTH(license_arn) - 33));
CREATE INDEX contracts_by_account ON contracts (buyer_account_id);
CREATE INDEX contracts_unreported ON contracts (activated_at) WHERE reported_at IS NULL;

-- One row of License Information. The owner is the contract's: the foreign key carries it along when a contract moves.
CREATE TABLE licenses (
    id           BLOB        NOT NULL PRIMARY KEY,
    contract_id  BLOB        NOT NULL,
    business_id  BLOB        NOT NULL,
    item_number  INTEGER      NOT NULL CHECK (item_number > 0),
    kind         TEXT        NOT NULL CHECK (kind IN ('new', 'upgrade', 'renewal', 'code')),
    product_name TEXT        NOT NULL,
    source       TEXT        NOT NULL CHECK (source IN ('embedded', 'aws', 'code')),
    agreement_id TEXT        NOT NULL,
    credits      INTEGER      NOT NULL CHECK (credits > 0),
    starts_at    TEXT        NOT NULL,
    expires_at   TEXT        NOT NULL,
    activated_at TEXT        NOT NULL,
    activated_by BLOB        REFERENCES people (id),
    revoked_at   TEXT,
    search_key   TEXT        NOT NULL,
    CHECK (starts_at < expires_at),
    CONSTRAINT licenses_item UNIQUE (contract_id, item_number),
    CONSTRAINT licenses_owner FOREIGN KEY (contract_id, business_id) REFERENCES contracts (id, business_id) ON UPDATE CASCADE
) STRICT;
CREATE INDEX licenses_by_business ON licenses (business_id, activated_at, id);
CREATE INDEX licenses_by_expiry ON licenses (business_id, expires_at, id);
CREATE INDEX licenses_by_product ON licenses (business_id, search_key, id);
CREATE INDEX licenses_by_activation ON licenses (activated_at, id);
CREATE INDEX licenses_by_agreement ON licenses (agreement_id);

-- What a person has to decide: a total that went down (UPG-5), a dimension nobody knows.
CREATE TABLE contract_questions (
    id          BLOB        NOT NULL PRIMARY KEY,
    contract_id BLOB        NOT NULL REFERENCES contracts (id),
    kind        TEXT        NOT NULL CHECK (kind IN ('lower_total', 'unknown_dimension', 'other_expiry')),
    granted     INTEGER      NOT NULL,
    reported    INTEGER      NOT NULL,
    seen_at     TEXT        NOT NULL,
    closed_at   TEXT
) STRICT;
CREATE UNIQUE INDEX contract_questions_open ON contract_questions (contract_id, kind, reported) WHERE closed_at IS NULL;
CREATE INDEX contract_questions_list ON contract_questions (seen_at, id);

CREATE TABLE transfers (
    id               BLOB        NOT NULL PRIMARY KEY,
    contract_id      BLOB        NOT NULL REFERENCES contracts (id),
    from_business_id BLOB        NOT NULL REFERENCES businesses (id),
    to_business_id   BLOB        NOT NULL REFERENCES businesses (id),
    reason           TEXT        NOT NULL,
    ticket           TEXT        NOT NULL,
    status           TEXT        NOT NULL CHECK (status IN ('requested', 'approved', 'rejected', 'withdrawn', 'lapsed')),
    requested_by     BLOB        NOT NULL REFERENCES people (id),
    requested_at     TEXT        NOT NULL,
    lapses_at        TEXT        NOT NULL,
    decided_by       BLOB        REFERENCES people (id),
    decided_at       TEXT,
    decision_note    TEXT,
    CHECK (from_business_id <> to_business_id),
    CHECK (requested_at < lapses_at),
    CHECK ((decided_by IS NOT NULL) = (status IN ('approved', 'rejected', 'withdrawn'))),
    CHECK ((decided_at IS NOT NULL) = (status IN ('approved', 'rejected', 'withdrawn'))),
    -- SUP-4: nobody decides about their own request, and nobody takes back another's.
    CHECK (status NOT IN ('approved', 'rejected') OR decided_by <> requested_by),
    CHECK (status <> 'withdrawn' OR decided_by = requested_by)
) STRICT;
CREATE UNIQUE INDEX transfers_open ON transfers (contract_id) WHERE status = 'requested';
CREATE INDEX transfers_list ON transfers (requested_at, id);
CREATE INDEX transfers_by_status ON transfers (status, requested_at, id);
CREATE INDEX transfers_by_contract ON transfers (contract_id, requested_at, id);
CREATE INDEX transfers_out ON transfers (from_business_id, requested_at, id);
CREATE INDEX transfers_in ON transfers (to_business_id, requested_at, id);
