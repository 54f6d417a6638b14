-- Audit, mail, jobs.

CREATE TABLE audit_entries (
    id               BLOB        NOT NULL PRIMARY KEY,
    recorded_at      TEXT        NOT NULL,
    person_id        BLOB,
    person_label     TEXT        NOT NULL,
    acting_as        TEXT        NOT NULL,
    business_id      BLOB,
    buyer_account_id TEXT,
    address          TEXT        NOT NULL,
    request_id       TEXT        NOT NULL,
    action           TEXT        NOT NULL,
    subject          TEXT        NOT NULL,
    before           TEXT,
    after            TEXT
) STRICT;
CREATE INDEX audit_entries_by_business ON audit_entries (business_id, recorded_at, id);
CREATE INDEX audit_entries_by_time ON audit_entries (recorded_at, id);
CREATE INDEX audit_entries_by_action ON audit_entries (action, recorded_at, id);
CREATE INDEX audit_entries_by_subject ON audit_entries (subject, recorded_at, id);

CREATE TABLE mails (
    id              BLOB        NOT NULL PRIMARY KEY,
    kind            TEXT        NOT NULL,
    recipient       TEXT        NOT NULL,
    subject         TEXT        NOT NULL,
    body            TEXT        NOT NULL,
    created_at      TEXT        NOT NULL,
    attempts        INTEGER      NOT NULL,
    next_attempt_at TEXT        NOT NULL,
    sent_at         TEXT,
    given_up_at     TEXT,
    last_error      TEXT
) STRICT;
CREATE INDEX mails_waiting ON mails (next_attempt_at, id) WHERE sent_at IS NULL AND given_up_at IS NULL;

CREATE TABLE job_leases (
    name         TEXT        NOT NULL PRIMARY KEY,
    holder       BLOB        NOT NULL,
    leased_until TEXT        NOT NULL,
    finished_at  TEXT
) STRICT;
