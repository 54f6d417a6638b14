-- Audit, mail, jobs.

CREATE TABLE audit_entries (
    id               UUID        NOT NULL PRIMARY KEY,
    recorded_at      TIMESTAMPTZ NOT NULL,
    person_id        UUID,
    person_label     TEXT        NOT NULL,
    acting_as        TEXT        NOT NULL,
    business_id      UUID,
    buyer_account_id TEXT,
    address          TEXT        NOT NULL,
    request_id       TEXT        NOT NULL,
    action           TEXT        NOT NULL,
    subject          TEXT        NOT NULL,
    before           TEXT,
    after            TEXT
);
CREATE INDEX audit_entries_by_business ON audit_entries (business_id, recorded_at, id);
CREATE INDEX audit_entries_by_time ON audit_entries (recorded_at, id);
CREATE INDEX audit_entries_by_action ON audit_entries (action, recorded_at, id);
CREATE INDEX audit_entries_by_subject ON audit_entries (subject, recorded_at, id);

CREATE TABLE mails (
    id              UUID        NOT NULL PRIMARY KEY,
    kind            TEXT        NOT NULL,
    recipient       TEXT        NOT NULL,
    subject         TEXT        NOT NULL,
    body            TEXT        NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    attempts        BIGINT      NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    sent_at         TIMESTAMPTZ,
    given_up_at     TIMESTAMPTZ,
    last_error      TEXT
);
CREATE INDEX mails_waiting ON mails (next_attempt_at, id) WHERE sent_at IS NULL AND given_up_at IS NULL;

CREATE TABLE job_leases (
    name         TEXT        NOT NULL PRIMARY KEY,
    holder       UUID        NOT NULL,
    leased_until TIMESTAMPTZ NOT NULL,
    finished_at  TIMESTAMPTZ
);
