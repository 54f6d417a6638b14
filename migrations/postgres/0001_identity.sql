-- People, businesses, buyer accounts, staff, sessions. Times are UTC with microseconds.

CREATE TABLE people (
    id            UUID        NOT NULL PRIMARY KEY,
    email         TEXT        NOT NULL,
    email_key     TEXT        NOT NULL CONSTRAINT people_email_key UNIQUE,
    name          TEXT        NOT NULL,
    search_key    TEXT        NOT NULL,
    password_hash TEXT,
    time_zone     TEXT,
    created_at    TIMESTAMPTZ NOT NULL,
    disabled_at   TIMESTAMPTZ
);
CREATE INDEX people_by_search ON people (search_key, id);

CREATE TABLE businesses (
    id         UUID        NOT NULL PRIMARY KEY,
    name       TEXT        NOT NULL,
    search_key TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX businesses_by_search ON businesses (search_key, id);

CREATE TABLE memberships (
    business_id UUID        NOT NULL REFERENCES businesses (id),
    person_id   UUID        NOT NULL REFERENCES people (id),
    role        TEXT        NOT NULL CHECK (role IN ('administrator', 'licensing_manager', 'billing_viewer', 'auditor', 'member')),
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (business_id, person_id)
);
CREATE INDEX memberships_by_person ON memberships (person_id, business_id);

CREATE TABLE buyer_accounts (
    id              TEXT        NOT NULL PRIMARY KEY CHECK (LENGTH(id) = 12),
    name            TEXT        NOT NULL,
    search_key      TEXT        NOT NULL,
    billing_address TEXT        NOT NULL,
    payment_method  TEXT        NOT NULL CHECK (payment_method IN ('invoice', 'test_approve', 'test_decline', 'test_settle_approved', 'test_settle_declined', 'test_time_out')),
    created_at      TIMESTAMPTZ NOT NULL
);
CREATE INDEX buyer_accounts_by_search ON buyer_accounts (search_key, id);

CREATE TABLE buyer_people (
    account_id TEXT        NOT NULL REFERENCES buyer_accounts (id),
    person_id  UUID        NOT NULL REFERENCES people (id),
    role       TEXT        NOT NULL CHECK (role IN ('purchaser', 'viewer')),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (account_id, person_id)
);
CREATE INDEX buyer_people_by_person ON buyer_people (person_id, account_id);

CREATE TABLE staff_roles (
    person_id  UUID        NOT NULL REFERENCES people (id),
    role       TEXT        NOT NULL CHECK (role IN ('support', 'support_lead', 'operator')),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (person_id, role)
);

-- The cookie carries the key, the table only its SHA-256.
CREATE TABLE sessions (
    key_hash     BYTEA       NOT NULL PRIMARY KEY,
    reference    UUID        NOT NULL CONSTRAINT sessions_reference UNIQUE,
    person_id    UUID        REFERENCES people (id),
    state        TEXT        NOT NULL,
    address      TEXT        NOT NULL,
    agent        TEXT        NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    last_seen_at TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE password_resets (
    code_hash  BYTEA       NOT NULL PRIMARY KEY,
    person_id  UUID        NOT NULL REFERENCES people (id),
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);
CREATE INDEX password_resets_by_person ON password_resets (person_id, created_at);
CREATE INDEX password_resets_by_expiry ON password_resets (expires_at);

-- Registrations whose address is not confirmed yet; the password is chosen when it is.
CREATE TABLE sign_ups (
    code_hash  BYTEA       NOT NULL PRIMARY KEY,
    email      TEXT        NOT NULL,
    name       TEXT        NOT NULL,
    business   TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at    TIMESTAMPTZ
);
CREATE INDEX sign_ups_by_expiry ON sign_ups (expires_at);

CREATE TABLE invitations (
    id           UUID        NOT NULL PRIMARY KEY,
    code_hash    BYTEA       NOT NULL CONSTRAINT invitations_code UNIQUE,
    business_id  UUID        NOT NULL REFERENCES businesses (id),
    email        TEXT        NOT NULL,
    email_key    TEXT        NOT NULL,
    role         TEXT        NOT NULL CHECK (role IN ('administrator', 'licensing_manager', 'billing_viewer', 'auditor', 'member')),
    invited_by   UUID        NOT NULL REFERENCES people (id),
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL,
    accepted_at  TIMESTAMPTZ,
    withdrawn_at TIMESTAMPTZ
);
CREATE INDEX invitations_by_business ON invitations (business_id, created_at, id);
CREATE UNIQUE INDEX invitations_open ON invitations (business_id, email_key) WHERE accepted_at IS NULL AND withdrawn_at IS NULL;

-- Counts of guesses: one row an account key and one a network address (IDN-1).
CREATE TABLE throttles (
    name          TEXT        NOT NULL PRIMARY KEY,
    failures      BIGINT      NOT NULL CHECK (failures >= 0),
    first_at      TIMESTAMPTZ NOT NULL,
    last_at       TIMESTAMPTZ NOT NULL,
    blocked_until TIMESTAMPTZ
);
CREATE INDEX throttles_by_time ON throttles (last_at);

-- Keys made at the first start and shared by every process on the same database.
CREATE TABLE secrets (
    name       TEXT        NOT NULL PRIMARY KEY,
    value      BYTEA       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
