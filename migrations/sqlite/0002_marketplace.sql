-- The embedded marketplace. Published offers, quotes' terms, charges and events never change.

CREATE TABLE sellers (
    id            TEXT        NOT NULL PRIMARY KEY CHECK (LENGTH(id) = 12),
    name          TEXT        NOT NULL,
    support_email TEXT        NOT NULL,
    support_url   TEXT        NOT NULL
) STRICT;

CREATE TABLE products (
    id             TEXT        NOT NULL PRIMARY KEY,
    prodview       TEXT        NOT NULL CONSTRAINT products_prodview UNIQUE,
    product_code   TEXT        NOT NULL CONSTRAINT products_code UNIQUE,
    seller_id      TEXT        NOT NULL REFERENCES sellers (id),
    name           TEXT        NOT NULL,
    category       TEXT        NOT NULL,
    summary        TEXT        NOT NULL,
    description    TEXT        NOT NULL,
    highlights     TEXT        NOT NULL,
    credit_meaning TEXT        NOT NULL,
    license_terms  TEXT        NOT NULL,
    refund_policy  TEXT        NOT NULL,
    dimension      TEXT        NOT NULL,
    fulfilment_url TEXT,
    search_key     TEXT        NOT NULL,
    position       INTEGER      NOT NULL,
    listed         INTEGER     NOT NULL
) STRICT;
CREATE INDEX products_by_position ON products (position, id);

CREATE TABLE offers (
    id              TEXT        NOT NULL PRIMARY KEY,
    product_id      TEXT        NOT NULL REFERENCES products (id),
    price_minor     INTEGER      NOT NULL CHECK (price_minor > 0),
    currency        TEXT        NOT NULL CHECK (LENGTH(currency) = 3),
    duration_months INTEGER      NOT NULL CHECK (duration_months > 0),
    credits_min     INTEGER      NOT NULL CHECK (credits_min > 0),
    credits_max     INTEGER      NOT NULL,
    credits_step    INTEGER      NOT NULL CHECK (credits_step > 0),
    published_at    TEXT        NOT NULL,
    CHECK (credits_max >= credits_min),
    CONSTRAINT offers_terms UNIQUE (product_id, price_minor, currency, duration_months, credits_min, credits_max, credits_step)
) STRICT;

CREATE TABLE current_offers (
    product_id TEXT        NOT NULL PRIMARY KEY REFERENCES products (id),
    offer_id   TEXT        NOT NULL REFERENCES offers (id),
    since      TEXT        NOT NULL
) STRICT;

CREATE TABLE quotes (
    id               TEXT        NOT NULL PRIMARY KEY,
    kind             TEXT        NOT NULL CHECK (kind IN ('new', 'upgrade')),
    buyer_account_id TEXT        NOT NULL REFERENCES buyer_accounts (id),
    product_id       TEXT        NOT NULL REFERENCES products (id),
    offer_id         TEXT        NOT NULL REFERENCES offers (id),
    agreement_id     TEXT,
    credits          INTEGER      NOT NULL CHECK (credits > 0),
    price_minor      INTEGER      NOT NULL CHECK (price_minor > 0),
    amount_minor     INTEGER      NOT NULL CHECK (amount_minor >= 0),
    currency         TEXT        NOT NULL CHECK (LENGTH(currency) = 3),
    duration_months  INTEGER      NOT NULL CHECK (duration_months > 0),
    auto_renew       INTEGER     NOT NULL,
    purchase_order   TEXT,
    status           TEXT        NOT NULL CHECK (status IN ('draft', 'accepted', 'replaced')),
    replaced_by      TEXT,
    created_by       BLOB        NOT NULL REFERENCES people (id),
    created_at       TEXT        NOT NULL,
    lapses_at        TEXT        NOT NULL,
    accepted_at      TEXT,
    CHECK ((kind = 'upgrade') = (agreement_id IS NOT NULL)),
    CHECK ((status = 'accepted') = (accepted_at IS NOT NULL)),
    CHECK ((status = 'replaced') = (replaced_by IS NOT NULL))
) STRICT;
CREATE INDEX quotes_by_buyer ON quotes (buyer_account_id, created_at, id);

CREATE TABLE payments (
    id           BLOB        NOT NULL PRIMARY KEY,
    quote_id     TEXT        NOT NULL REFERENCES quotes (id),
    attempt      INTEGER      NOT NULL CHECK (attempt > 0),
    provider     TEXT        NOT NULL CHECK (provider IN ('invoice', 'test')),
    method       TEXT        NOT NULL,
    amount_minor INTEGER      NOT NULL CHECK (amount_minor >= 0),
    currency     TEXT        NOT NULL,
    status       TEXT        NOT NULL CHECK (status IN ('started', 'approved', 'declined', 'pending', 'settled_approved', 'settled_declined')),
    reason       TEXT,
    started_by   BLOB        NOT NULL REFERENCES people (id),
    started_at   TEXT        NOT NULL,
    decided_at   TEXT,
    settled_at   TEXT,
    CONSTRAINT payments_attempt UNIQUE (quote_id, attempt)
) STRICT;
-- MKT-7: at most one payment of a quote can ever take it.
CREATE UNIQUE INDEX payments_once ON payments (quote_id) WHERE status IN ('approved', 'pending', 'settled_approved', 'settled_declined');
CREATE INDEX payments_open ON payments (status, started_at) WHERE status IN ('started', 'pending');

CREATE TABLE agreements (
    id                   TEXT        NOT NULL PRIMARY KEY,
    initial_agreement_id TEXT        NOT NULL,
    quote_id             TEXT        NOT NULL CONSTRAINT agreements_quote UNIQUE REFERENCES quotes (id),
    buyer_account_id     TEXT        NOT NULL REFERENCES buyer_accounts (id),
    product_id           TEXT        NOT NULL REFERENCES products (id),
    offer_id             TEXT        NOT NULL REFERENCES offers (id),
    license_arn          TEXT        NOT NULL,
    status               TEXT        NOT NULL CHECK (status IN ('pending', 'active', 'rolled_back', 'expired', 'renewed', 'cancelled', 'terminated')),
    anchor_at            TEXT        NOT NULL,
    term_number          INTEGER      NOT NULL CHECK (term_number > 0),
    duration_months      INTEGER      NOT NULL CHECK (duration_months > 0),
    starts_at            TEXT        NOT NULL,
    ends_at              TEXT        NOT NULL,
    auto_renew           INTEGER     NOT NULL,
    credits              INTEGER      NOT NULL CHECK (credits > 0),
    purchase_order       TEXT,
    accepted_by          BLOB        NOT NULL REFERENCES people (id),
    accepted_at          TEXT        NOT NULL,
    CHECK (starts_at < ends_at),
    CONSTRAINT agreements_term UNIQUE (initial_agreement_id, term_number)
) STRICT;
CREATE INDEX agreements_by_buyer ON agreements (buyer_account_id, starts_at, id);
CREATE INDEX agreements_by_arn ON agreements (license_arn);

-- One row a purchase: the key that console and marketplace share.
CREATE TABLE license_arns (
    arn              TEXT        NOT NULL PRIMARY KEY,
    agreement_id     TEXT        NOT NULL CONSTRAINT license_arns_agreement UNIQUE REFERENCES agreements (id),
    product_id       TEXT        NOT NULL REFERENCES products (id),
    buyer_account_id TEXT        NOT NULL REFERENCES buyer_accounts (id),
    created_at       TEXT        NOT NULL,
    set_up_at        TEXT,
    activated_at     TEXT
) STRICT;
CREATE INDEX license_arns_by_key ON license_arns (SUBSTR(arn, LENGTH(arn) - 33));

CREATE TABLE entitlements (
    license_arn TEXT        NOT NULL REFERENCES license_arns (arn),
    dimension   TEXT        NOT NULL,
    quantity    INTEGER      NOT NULL CHECK (quantity > 0),
    expires_at  TEXT        NOT NULL,
    updated_at  TEXT        NOT NULL,
    PRIMARY KEY (license_arn, dimension)
) STRICT;

CREATE TABLE charges (
    id           BLOB        NOT NULL PRIMARY KEY,
    agreement_id TEXT        NOT NULL REFERENCES agreements (id),
    quote_id     TEXT        NOT NULL CONSTRAINT charges_quote UNIQUE REFERENCES quotes (id),
    payment_id   BLOB        NOT NULL CONSTRAINT charges_payment UNIQUE REFERENCES payments (id),
    kind         TEXT        NOT NULL CHECK (kind IN ('new', 'upgrade')),
    credits      INTEGER      NOT NULL CHECK (credits > 0),
    amount_minor INTEGER      NOT NULL CHECK (amount_minor >= 0),
    currency     TEXT        NOT NULL,
    charged_at   TEXT        NOT NULL
) STRICT;
CREATE INDEX charges_by_agreement ON charges (agreement_id, charged_at, id);

CREATE TABLE registration_tokens (
    token_hash   BLOB        NOT NULL PRIMARY KEY,
    license_arn  TEXT        NOT NULL REFERENCES license_arns (arn),
    agreement_id TEXT        NOT NULL REFERENCES agreements (id),
    issued_by    BLOB        NOT NULL REFERENCES people (id),
    issued_at    TEXT        NOT NULL,
    expires_at   TEXT        NOT NULL
) STRICT;
CREATE INDEX registration_tokens_by_expiry ON registration_tokens (expires_at);

CREATE TABLE marketplace_events (
    id              BLOB        NOT NULL PRIMARY KEY,
    kind            TEXT        NOT NULL CHECK (kind IN ('agreement_created', 'agreement_amended', 'agreement_ended', 'license_updated', 'license_deprovisioned')),
    agreement_id    TEXT        NOT NULL REFERENCES agreements (id),
    license_arn     TEXT        NOT NULL,
    occurred_at     TEXT        NOT NULL,
    acknowledged_at TEXT
) STRICT;
CREATE INDEX marketplace_events_waiting ON marketplace_events (occurred_at, id) WHERE acknowledged_at IS NULL;
