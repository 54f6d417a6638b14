-- The embedded marketplace. Published offers, quotes' terms, charges and events never change.

CREATE TABLE sellers (
    id            TEXT        NOT NULL PRIMARY KEY CHECK (LENGTH(id) = 12),
    name          TEXT        NOT NULL,
    support_email TEXT        NOT NULL,
    support_url   TEXT        NOT NULL
);

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
    position       BIGINT      NOT NULL,
    listed         BOOLEAN     NOT NULL
);
CREATE INDEX products_by_position ON products (position, id);

CREATE TABLE offers (
    id              TEXT        NOT NULL PRIMARY KEY,
    product_id      TEXT        NOT NULL REFERENCES products (id),
    price_minor     BIGINT      NOT NULL CHECK (price_minor > 0),
    currency        TEXT        NOT NULL CHECK (LENGTH(currency) = 3),
    duration_months BIGINT      NOT NULL CHECK (duration_months > 0),
    credits_min     BIGINT      NOT NULL CHECK (credits_min > 0),
    credits_max     BIGINT      NOT NULL,
    credits_step    BIGINT      NOT NULL CHECK (credits_step > 0),
    published_at    TIMESTAMPTZ NOT NULL,
    CHECK (credits_max >= credits_min),
    CONSTRAINT offers_terms UNIQUE (product_id, price_minor, currency, duration_months, credits_min, credits_max, credits_step)
);

CREATE TABLE current_offers (
    product_id TEXT        NOT NULL PRIMARY KEY REFERENCES products (id),
    offer_id   TEXT        NOT NULL REFERENCES offers (id),
    since      TIMESTAMPTZ NOT NULL
);

CREATE TABLE quotes (
    id               TEXT        NOT NULL PRIMARY KEY,
    kind             TEXT        NOT NULL CHECK (kind IN ('new', 'upgrade')),
    buyer_account_id TEXT        NOT NULL REFERENCES buyer_accounts (id),
    product_id       TEXT        NOT NULL REFERENCES products (id),
    offer_id         TEXT        NOT NULL REFERENCES offers (id),
    agreement_id     TEXT,
    credits          BIGINT      NOT NULL CHECK (credits > 0),
    price_minor      BIGINT      NOT NULL CHECK (price_minor > 0),
    amount_minor     BIGINT      NOT NULL CHECK (amount_minor >= 0),
    currency         TEXT        NOT NULL CHECK (LENGTH(currency) = 3),
    duration_months  BIGINT      NOT NULL CHECK (duration_months > 0),
    auto_renew       BOOLEAN     NOT NULL,
    purchase_order   TEXT,
    status           TEXT        NOT NULL CHECK (status IN ('draft', 'accepted', 'replaced')),
    replaced_by      TEXT,
    created_by       UUID        NOT NULL REFERENCES people (id),
    created_at       TIMESTAMPTZ NOT NULL,
    lapses_at        TIMESTAMPTZ NOT NULL,
    accepted_at      TIMESTAMPTZ,
    CHECK ((kind = 'upgrade') = (agreement_id IS NOT NULL)),
    CHECK ((status = 'accepted') = (accepted_at IS NOT NULL)),
    CHECK ((status = 'replaced') = (replaced_by IS NOT NULL))
);
CREATE INDEX quotes_by_buyer ON quotes (buyer_account_id, created_at, id);

CREATE TABLE payments (
    id           UUID        NOT NULL PRIMARY KEY,
    quote_id     TEXT        NOT NULL REFERENCES quotes (id),
    attempt      BIGINT      NOT NULL CHECK (attempt > 0),
    provider     TEXT        NOT NULL CHECK (provider IN ('invoice', 'test')),
    method       TEXT        NOT NULL,
    amount_minor BIGINT      NOT NULL CHECK (amount_minor >= 0),
    currency     TEXT        NOT NULL,
    status       TEXT        NOT NULL CHECK (status IN ('started', 'approved', 'declined', 'pending', 'settled_approved', 'settled_declined')),
    reason       TEXT,
    started_by   UUID        NOT NULL REFERENCES people (id),
    started_at   TIMESTAMPTZ NOT NULL,
    decided_at   TIMESTAMPTZ,
    settled_at   TIMESTAMPTZ,
    CONSTRAINT payments_attempt UNIQUE (quote_id, attempt)
);
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
    anchor_at            TIMESTAMPTZ NOT NULL,
    term_number          BIGINT      NOT NULL CHECK (term_number > 0),
    duration_months      BIGINT      NOT NULL CHECK (duration_months > 0),
    starts_at            TIMESTAMPTZ NOT NULL,
    ends_at              TIMESTAMPTZ NOT NULL,
    auto_renew           BOOLEAN     NOT NULL,
    credits              BIGINT      NOT NULL CHECK (credits > 0),
    purchase_order       TEXT,
    accepted_by          UUID        NOT NULL REFERENCES people (id),
    accepted_at          TIMESTAMPTZ NOT NULL,
    CHECK (starts_at < ends_at),
    CONSTRAINT agreements_term UNIQUE (initial_agreement_id, term_number)
);
CREATE INDEX agreements_by_buyer ON agreements (buyer_account_id, starts_at, id);
CREATE INDEX agreements_by_arn ON agreements (license_arn);

-- One row a purchase: the key that console and marketplace share.
CREATE TABLE license_arns (
    arn              TEXT        NOT NULL PRIMARY KEY,
    agreement_id     TEXT        NOT NULL CONSTRAINT license_arns_agreement UNIQUE REFERENCES agreements (id),
    product_id       TEXT        NOT NULL REFERENCES products (id),
    buyer_account_id TEXT        NOT NULL REFERENCES buyer_accounts (id),
    created_at       TIMESTAMPTZ NOT NULL,
    set_up_at        TIMESTAMPTZ,
    activated_at     TIMESTAMPTZ
);
CREATE INDEX license_arns_by_key ON license_arns (SUBSTR(arn, LENGTH(arn) - 33));

CREATE TABLE entitlements (
    license_arn TEXT        NOT NULL REFERENCES license_arns (arn),
    dimension   TEXT        NOT NULL,
    quantity    BIGINT      NOT NULL CHECK (quantity > 0),
    expires_at  TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (license_arn, dimension)
);

CREATE TABLE charges (
    id           UUID        NOT NULL PRIMARY KEY,
    agreement_id TEXT        NOT NULL REFERENCES agreements (id),
    quote_id     TEXT        NOT NULL CONSTRAINT charges_quote UNIQUE REFERENCES quotes (id),
    payment_id   UUID        NOT NULL CONSTRAINT charges_payment UNIQUE REFERENCES payments (id),
    kind         TEXT        NOT NULL CHECK (kind IN ('new', 'upgrade')),
    credits      BIGINT      NOT NULL CHECK (credits > 0),
    amount_minor BIGINT      NOT NULL CHECK (amount_minor >= 0),
    currency     TEXT        NOT NULL,
    charged_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX charges_by_agreement ON charges (agreement_id, charged_at, id);

CREATE TABLE registration_tokens (
    token_hash   BYTEA       NOT NULL PRIMARY KEY,
    license_arn  TEXT        NOT NULL REFERENCES license_arns (arn),
    agreement_id TEXT        NOT NULL REFERENCES agreements (id),
    issued_by    UUID        NOT NULL REFERENCES people (id),
    issued_at    TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX registration_tokens_by_expiry ON registration_tokens (expires_at);

CREATE TABLE marketplace_events (
    id              UUID        NOT NULL PRIMARY KEY,
    kind            TEXT        NOT NULL CHECK (kind IN ('agreement_created', 'agreement_amended', 'agreement_ended', 'license_updated', 'license_deprovisioned')),
    agreement_id    TEXT        NOT NULL REFERENCES agreements (id),
    license_arn     TEXT        NOT NULL,
    occurred_at     TIMESTAMPTZ NOT NULL,
    acknowledged_at TIMESTAMPTZ
);
CREATE INDEX marketplace_events_waiting ON marketplace_events (occurred_at, id) WHERE acknowledged_at IS NULL;
