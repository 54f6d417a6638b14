-- Expiry and access: what a mail may carry along, warnings and reminders that went out, businesses that staff closed.

-- At most one attachment a mail. Its content goes with the text once the mail is sent; its name stays.
ALTER TABLE mails ADD COLUMN attachment_name TEXT;
ALTER TABLE mails ADD COLUMN attachment_type TEXT;
ALTER TABLE mails ADD COLUMN attachment BYTEA;

-- EXP-2: who closed a business for deletion, when and why. Its rows stay: the ledger needs them.
ALTER TABLE businesses ADD COLUMN closed_at TIMESTAMPTZ;
ALTER TABLE businesses ADD COLUMN closed_by UUID REFERENCES people (id);
ALTER TABLE businesses ADD COLUMN closed_reason TEXT;

-- EXP-3: one row a warning. The primary key is what keeps a step from being told twice.
CREATE TABLE expiry_warnings (
    business_id UUID        NOT NULL REFERENCES businesses (id),
    expires_at  TIMESTAMPTZ NOT NULL,
    step_days   BIGINT      NOT NULL CHECK (step_days > 0),
    credits     BIGINT      NOT NULL,
    recipients  BIGINT      NOT NULL CHECK (recipients >= 0),
    sent_at     TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (business_id, expires_at, step_days)
);

-- SUP-8: what the marketplace wrote to a buyer account about a purchase. A step is told once; what staff send by hand has none.
CREATE TABLE purchase_reminders (
    id           UUID        NOT NULL PRIMARY KEY,
    agreement_id TEXT        NOT NULL REFERENCES agreements (id),
    kind         TEXT        NOT NULL CHECK (kind IN ('unclaimed', 'ending')),
    step_days    BIGINT      CHECK (step_days > 0),
    recipients   BIGINT      NOT NULL CHECK (recipients >= 0),
    sent_at      TIMESTAMPTZ NOT NULL,
    sent_by      UUID        REFERENCES people (id),
    CHECK ((step_days IS NULL) = (sent_by IS NOT NULL))
);
CREATE UNIQUE INDEX purchase_reminders_once ON purchase_reminders (agreement_id, kind, step_days) WHERE step_days IS NOT NULL;
CREATE INDEX purchase_reminders_by_agreement ON purchase_reminders (agreement_id, sent_at);

-- The last expiration of a business, and what ends next in all of them.
CREATE INDEX licenses_standing ON licenses (business_id, expires_at, id) WHERE revoked_at IS NULL;
CREATE INDEX contracts_ending ON contracts (expires_at, id);
CREATE INDEX licenses_ending ON licenses (expires_at, id) WHERE revoked_at IS NULL;
-- Purchases that nobody activated, by their age.
CREATE INDEX license_arns_unclaimed ON license_arns (created_at, arn) WHERE activated_at IS NULL;
CREATE INDEX agreements_ending ON agreements (status, ends_at, id);
