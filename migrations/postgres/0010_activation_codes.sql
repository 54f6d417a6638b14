-- Activation codes for direct sales (LIC-5). A code is stored as a hash; what is shown of it afterwards is its last group.

CREATE TABLE code_batches (
    id           UUID        NOT NULL PRIMARY KEY,
    form_key     TEXT        NOT NULL CONSTRAINT code_batches_form UNIQUE,
    product_code TEXT        NOT NULL,
    product_name TEXT        NOT NULL,
    seller_name  TEXT        NOT NULL,
    credits      BIGINT      NOT NULL CHECK (credits > 0),
    term_months  BIGINT      NOT NULL CHECK (term_months BETWEEN 1 AND 120),
    order_number TEXT        NOT NULL,
    valid_until  TIMESTAMPTZ NOT NULL,
    business_id  UUID        REFERENCES businesses (id),
    size         BIGINT      NOT NULL CHECK (size BETWEEN 1 AND 1000),
    search_key   TEXT        NOT NULL,
    issued_by    UUID        NOT NULL REFERENCES people (id),
    issued_at    TIMESTAMPTZ NOT NULL,
    CHECK (issued_at < valid_until)
);
CREATE INDEX code_batches_list ON code_batches (issued_at, id);

CREATE TABLE activation_codes (
    id           UUID        NOT NULL PRIMARY KEY,
    batch_id     UUID        NOT NULL REFERENCES code_batches (id),
    place        BIGINT      NOT NULL CHECK (place > 0),
    code_hash    BYTEA       NOT NULL CONSTRAINT activation_codes_hash UNIQUE,
    last_group   TEXT        NOT NULL CHECK (LENGTH(last_group) = 5),
    withdrawn_at TIMESTAMPTZ,
    withdrawn_by UUID        REFERENCES people (id),
    used_at      TIMESTAMPTZ,
    used_by      UUID        REFERENCES people (id),
    business_id  UUID        REFERENCES businesses (id),
    contract_id  UUID        CONSTRAINT activation_codes_contract UNIQUE REFERENCES contracts (id),
    CONSTRAINT activation_codes_place UNIQUE (batch_id, place),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
    CHECK ((used_at IS NULL) = (used_by IS NULL)),
    CHECK ((used_at IS NULL) = (business_id IS NULL)),
    CHECK ((used_at IS NULL) = (contract_id IS NULL)),
    -- A code ends in one way.
    CHECK (used_at IS NULL OR withdrawn_at IS NULL)
);
CREATE INDEX activation_codes_by_group ON activation_codes (last_group, id);

-- A contract may come from a code.
ALTER TABLE contracts DROP CONSTRAINT contracts_source_check;
ALTER TABLE contracts ADD CONSTRAINT contracts_source_check CHECK (source IN ('embedded', 'aws', 'code'));
