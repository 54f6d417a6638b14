-- BatchMeterUsage: usage that is told through the API, beside what the console tells.

-- Nothing used is a figure too, and a figure may have decimals. Stored rows satisfy the wider CHECK as they did the narrower one.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = REPLACE(sql, 'CHECK (quantity > 0)', 'CHECK (quantity >= 0)') WHERE type = 'table' AND name = 'metering_records';
PRAGMA writable_schema = RESET;
-- What is beyond the whole units, in millionths.
ALTER TABLE metering_records ADD COLUMN millionths INTEGER NOT NULL DEFAULT 0 CHECK (millionths BETWEEN 0 AND 999999);
-- How the seller split the quantity by tags, as it was sent.
ALTER TABLE metering_records ADD COLUMN allocations TEXT;
-- With which key it was told; nothing for what the console told.
ALTER TABLE metering_records ADD COLUMN access_key_id TEXT REFERENCES access_keys (id);

-- What else than its entitlement's dimension a product may be charged for, one a line.
ALTER TABLE products ADD COLUMN usage_dimensions TEXT NOT NULL DEFAULT '';

-- When an agreement was last changed.
CREATE INDEX marketplace_events_by_agreement ON marketplace_events (agreement_id, occurred_at);
-- A buyer's agreements of a product.
CREATE INDEX agreements_by_buyer_product ON agreements (buyer_account_id, product_id, starts_at);

-- Requests by program to switch a renewal on or off: nothing is charged, and accepting one changes the agreement.
CREATE TABLE renewal_requests (
    id               TEXT NOT NULL PRIMARY KEY,
    buyer_account_id TEXT NOT NULL REFERENCES buyer_accounts (id),
    agreement_id     TEXT NOT NULL REFERENCES agreements (id),
    auto_renew       INTEGER NOT NULL CHECK (auto_renew IN (0, 1)),
    token            TEXT,
    request_hash     BLOB,
    created_by       BLOB NOT NULL REFERENCES people (id),
    created_at       TEXT NOT NULL,
    lapses_at        TEXT NOT NULL,
    accepted_at      TEXT,
    CHECK ((token IS NULL) = (request_hash IS NULL)),
    CONSTRAINT renewal_requests_token UNIQUE (buyer_account_id, token)
) STRICT;
