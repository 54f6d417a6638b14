-- Activation codes for direct sales (LIC-5). A code is stored as a hash; what is shown of it afterwards is its last group.

CREATE TABLE code_batches (
    id           BLOB        NOT NULL PRIMARY KEY,
    form_key     TEXT        NOT NULL CONSTRAINT code_batches_form UNIQUE,
    product_code TEXT        NOT NULL,
    product_name TEXT        NOT NULL,
    seller_name  TEXT        NOT NULL,
    credits      INTEGER      NOT NULL CHECK (credits > 0),
    term_months  INTEGER      NOT NULL CHECK (term_months BETWEEN 1 AND 120),
    order_number TEXT        NOT NULL,
    valid_until  TEXT        NOT NULL,
    business_id  BLOB        REFERENCES businesses (id),
    size         INTEGER      NOT NULL CHECK (size BETWEEN 1 AND 1000),
    search_key   TEXT        NOT NULL,
    issued_by    BLOB        NOT NULL REFERENCES people (id),
    issued_at    TEXT        NOT NULL,
    CHECK (issued_at < valid_until)
) STRICT;
CREATE INDEX code_batches_list ON code_batches (issued_at, id);

CREATE TABLE activation_codes (
    id           BLOB        NOT NULL PRIMARY KEY,
    batch_id     BLOB        NOT NULL REFERENCES code_batches (id),
    place        INTEGER      NOT NULL CHECK (place > 0),
    code_hash    BLOB        NOT NULL CONSTRAINT activation_codes_hash UNIQUE,
    last_group   TEXT        NOT NULL CHECK (LENGTH(last_group) = 5),
    withdrawn_at TEXT,
    withdrawn_by BLOB        REFERENCES people (id),
    used_at      TEXT,
    used_by      BLOB        REFERENCES people (id),
    business_id  BLOB        REFERENCES businesses (id),
    contract_id  BLOB        CONSTRAINT activation_codes_contract UNIQUE REFERENCES contracts (id),
    CONSTRAINT activation_codes_place UNIQUE (batch_id, place),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)),
    CHECK ((used_at IS NULL) = (used_by IS NULL)),
    CHECK ((used_at IS NULL) = (business_id IS NULL)),
    CHECK ((used_at IS NULL) = (contract_id IS NULL)),
    -- A code ends in one way.
    CHECK (used_at IS NULL OR withdrawn_at IS NULL)
) STRICT;
CREATE INDEX activation_codes_by_group ON activation_codes (last_group, id);

-- A contract may come from a code. Widening a CHECK changes no stored row; this is SQLite's documented way.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = REPLACE(sql, 'CHECK (source IN (''embedded'', ''aws''))', 'CHECK (source IN (''embedded'', ''aws'', ''code''))')
WHERE type = 'table' AND name = 'contracts';
PRAGMA writable_schema = RESET;
