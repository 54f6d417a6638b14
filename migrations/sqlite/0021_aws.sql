-- The console as a client of AWS Marketplace.

-- Registration tokens that arrived while the marketplace could not be asked. Sealed under the key file's key, never in the
-- clear; the token goes as soon as it is known what it stands for.
CREATE TABLE waiting_tokens (
    handle_hash  BLOB NOT NULL PRIMARY KEY CHECK (LENGTH(handle_hash) = 32),
    sealed_token BLOB,
    outcome      TEXT CHECK (outcome IN ('unknown', 'expired', 'wrong_product')),
    landed_at    TEXT NOT NULL,
    expires_at   TEXT NOT NULL,
    tried_at     TEXT NOT NULL,
    CHECK ((sealed_token IS NULL) = (outcome IS NOT NULL))
) STRICT;
CREATE INDEX waiting_tokens_due ON waiting_tokens (tried_at) WHERE outcome IS NULL;
CREATE INDEX waiting_tokens_old ON waiting_tokens (expires_at);

-- When a running contract was last compared with the marketplace; the activation counts as the first time.
ALTER TABLE contracts ADD COLUMN checked_at TEXT;
CREATE INDEX contracts_unchecked ON contracts (source, (COALESCE(checked_at, activated_at))) WHERE ended_at IS NULL;
