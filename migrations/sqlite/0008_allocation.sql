-- Allocation as double entry (CRD-3): every entry moves credits between what is available and a feature of one business.
-- Accounts hold what the entries add up to; entries that stood here before are kept.

ALTER TABLE allocation_entries RENAME TO allocation_entries_before;
DROP INDEX allocation_entries_by_business;
-- The guards go with the table that they stand on, and come back on the new one.
DROP TRIGGER allocation_entries_no_update;
DROP TRIGGER allocation_entries_no_delete;

-- Keys of the vendor's services for the usage API; only a hash of the key is kept.
CREATE TABLE service_keys (
    id             BLOB        NOT NULL PRIMARY KEY,
    name           TEXT        NOT NULL,
    key_hash       BLOB        NOT NULL CONSTRAINT service_keys_hash UNIQUE,
    all_businesses INTEGER     NOT NULL,
    created_at     TEXT        NOT NULL,
    created_by     BLOB        NOT NULL REFERENCES people (id),
    last_used_at   TEXT,
    revoked_at     TEXT,
    revoked_by     BLOB        REFERENCES people (id),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
) STRICT;
CREATE INDEX service_keys_list ON service_keys (created_at, id);

CREATE TABLE service_key_features (
    key_id  BLOB NOT NULL REFERENCES service_keys (id),
    feature TEXT NOT NULL,
    PRIMARY KEY (key_id, feature)
) STRICT;

CREATE TABLE service_key_businesses (
    key_id      BLOB NOT NULL REFERENCES service_keys (id),
    business_id BLOB NOT NULL REFERENCES businesses (id),
    PRIMARY KEY (key_id, business_id)
) STRICT;

-- What a call of the usage API answered, for the same call again (kept for two days).
CREATE TABLE usage_calls (
    key_id          BLOB        NOT NULL REFERENCES service_keys (id),
    idempotency_key TEXT        NOT NULL,
    body_hash       BLOB        NOT NULL,
    answer          TEXT        NOT NULL,
    called_at       TEXT        NOT NULL,
    PRIMARY KEY (key_id, idempotency_key)
) STRICT;
CREATE INDEX usage_calls_by_age ON usage_calls (called_at);

CREATE TABLE allocation_entries (
    id             BLOB        NOT NULL PRIMARY KEY,
    business_id    BLOB        NOT NULL REFERENCES businesses (id),
    account        TEXT        NOT NULL CHECK (account <> 'available'),
    contra         TEXT        NOT NULL DEFAULT 'available' CHECK (contra = 'available'),
    number         INTEGER      NOT NULL CHECK (number > 0),
    reason         TEXT        NOT NULL CHECK (reason IN ('set', 'reported', 'rate_changed', 'model_changed')),
    units_before   INTEGER      NOT NULL CHECK (units_before >= 0),
    units          INTEGER      NOT NULL CHECK (units >= 0),
    in_use         TEXT,
    credits        INTEGER      NOT NULL,
    credits_after  INTEGER      NOT NULL CHECK (credits_after >= 0),
    explanation    TEXT        NOT NULL,
    service_key_id BLOB        REFERENCES service_keys (id),
    observed_at    TEXT,
    recorded_at    TEXT        NOT NULL,
    recorded_by    TEXT        NOT NULL,
    CONSTRAINT allocation_entries_number UNIQUE (business_id, account, number),
    CHECK ((reason = 'reported') = (service_key_id IS NOT NULL))
) STRICT;
INSERT INTO allocation_entries (id, business_id, account, number, reason, units_before, units, credits, credits_after, explanation, recorded_at, recorded_by)
SELECT id, business_id, solution || '/' || feature,
       ROW_NUMBER() OVER (PARTITION BY business_id, solution, feature ORDER BY recorded_at, id), 'set',
       COALESCE(LAG(units) OVER (PARTITION BY business_id, solution, feature ORDER BY recorded_at, id), 0), units, credits,
       CAST(SUM(credits) OVER (PARTITION BY business_id, solution, feature ORDER BY recorded_at, id) AS BIGINT), '', recorded_at, recorded_by
FROM allocation_entries_before;
DROP TABLE allocation_entries_before;
CREATE INDEX allocation_entries_by_business ON allocation_entries (business_id, recorded_at, id);

CREATE TRIGGER allocation_entries_no_update BEFORE UPDATE ON allocation_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of allocation_entries is refused');
END;

CREATE TRIGGER allocation_entries_no_delete BEFORE DELETE ON allocation_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of allocation_entries is refused');
END;

-- What the entries of an account add up to. 'available' is the other side of all of them: its credits are zero or below.
CREATE TABLE allocation_accounts (
    business_id    BLOB        NOT NULL REFERENCES businesses (id),
    account        TEXT        NOT NULL,
    entries        INTEGER      NOT NULL CHECK (entries >= 0),
    units          INTEGER      NOT NULL CHECK (units >= 0),
    in_use         TEXT,
    credits        INTEGER      NOT NULL,
    billing_model  TEXT        NOT NULL DEFAULT 'annual' CHECK (billing_model IN ('annual', 'pay_as_you_go')),
    service_key_id BLOB        REFERENCES service_keys (id),
    observed_at    TEXT,
    reported_at    TEXT,
    changed_at     TEXT        NOT NULL,
    PRIMARY KEY (business_id, account),
    CHECK ((account = 'available' AND credits <= 0) OR (account <> 'available' AND credits >= 0))
) STRICT;
INSERT INTO allocation_accounts (business_id, account, entries, units, credits, changed_at)
SELECT e.business_id, e.account, e.number, e.units, e.credits_after, e.recorded_at FROM allocation_entries e
WHERE e.number = (SELECT MAX(x.number) FROM allocation_entries x WHERE x.business_id = e.business_id AND x.account = e.account);
INSERT INTO allocation_accounts (business_id, account, entries, units, credits, changed_at)
SELECT business_id, 'available', COUNT(*), 0, CAST(-SUM(credits) AS BIGINT), MAX(recorded_at) FROM allocation_entries GROUP BY business_id;

-- Which solutions file was last applied to what is allocated.
CREATE TABLE solutions_applied (
    name        TEXT        NOT NULL PRIMARY KEY CHECK (name = 'current'),
    fingerprint TEXT        NOT NULL,
    applied_at  TEXT        NOT NULL
) STRICT;
