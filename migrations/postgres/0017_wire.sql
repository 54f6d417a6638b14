-- The marketplace on the wire: who may call it, how its products name customers, and requests that are sent again.

-- Access keys of seller and buyer accounts. The secret is sealed under a key outside the database; a buyer's key acts as a
-- person of the account and can do what that person can.
CREATE TABLE access_keys (
    id            TEXT NOT NULL PRIMARY KEY CHECK (LENGTH(id) = 20),
    name          TEXT NOT NULL,
    party         TEXT NOT NULL CHECK (party IN ('seller', 'buyer')),
    account_id    TEXT NOT NULL CHECK (LENGTH(account_id) = 12),
    person_id     UUID REFERENCES people (id),
    sealed_secret BYTEA NOT NULL,
    created_at    TIMESTAMPTZ NOT NULL,
    created_by    UUID NOT NULL REFERENCES people (id),
    last_used_at  TIMESTAMPTZ,
    revoked_at    TIMESTAMPTZ,
    revoked_by    UUID REFERENCES people (id),
    CHECK ((party = 'buyer') = (person_id IS NOT NULL)),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX access_keys_list ON access_keys (created_at, id);

-- Listings from before concurrent agreements name a customer by an identifier of its own.
ALTER TABLE products ADD COLUMN customer_identity TEXT NOT NULL DEFAULT 'concurrent' CHECK (customer_identity IN ('legacy', 'concurrent'));

-- Requests that carried a token: the same one sent again is the same quote.
CREATE TABLE quote_tokens (
    buyer_account_id TEXT NOT NULL REFERENCES buyer_accounts (id),
    token            TEXT NOT NULL,
    request_hash     BYTEA NOT NULL,
    quote_id         TEXT NOT NULL REFERENCES quotes (id),
    PRIMARY KEY (buyer_account_id, token)
);

-- A seller's agreements in the order of their ends.
CREATE INDEX agreements_by_product_end ON agreements (product_id, ends_at, id);
