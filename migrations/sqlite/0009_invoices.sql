-- Invoices and credit notes (MKT-13): what finance keeps. Numbers are gapless by seller, series and year, every charge
-- has its invoice before it has a row, and nothing is edited afterwards.

-- What a seller's numbers begin with; once given it stays, whatever the seller is called later.
CREATE TABLE invoice_prefixes (
    seller_id TEXT        NOT NULL PRIMARY KEY REFERENCES sellers (id),
    prefix    TEXT        NOT NULL CONSTRAINT invoice_prefixes_prefix UNIQUE
) STRICT;

-- The last number given. The row is locked by whoever takes the next one, until that is booked or given up.
CREATE TABLE invoice_counters (
    seller_id TEXT        NOT NULL REFERENCES sellers (id),
    series    TEXT        NOT NULL CHECK (series IN ('invoice', 'credit_note')),
    year      INTEGER      NOT NULL,
    last      INTEGER      NOT NULL CHECK (last > 0),
    PRIMARY KEY (seller_id, series, year)
) STRICT;

-- Everything that stands on the document, as it was on the day.
CREATE TABLE invoices (
    id                BLOB        NOT NULL PRIMARY KEY,
    number            TEXT        NOT NULL CONSTRAINT invoices_number UNIQUE,
    series            TEXT        NOT NULL CHECK (series IN ('invoice', 'credit_note')),
    seller_id         TEXT        NOT NULL REFERENCES sellers (id),
    year              INTEGER      NOT NULL,
    sequence          INTEGER      NOT NULL CHECK (sequence > 0),
    buyer_account_id  TEXT        NOT NULL REFERENCES buyer_accounts (id),
    charge_id         BLOB        CONSTRAINT invoices_charge UNIQUE REFERENCES charges (id) DEFERRABLE INITIALLY DEFERRED,
    corrects          BLOB        REFERENCES invoices (id),
    turn              INTEGER      NOT NULL CHECK (turn >= 0),
    agreement_id      TEXT        NOT NULL REFERENCES agreements (id),
    kind              TEXT        NOT NULL CHECK (kind IN ('new', 'upgrade', 'renewal')),
    seller_name       TEXT        NOT NULL,
    seller_email      TEXT        NOT NULL,
    seller_url        TEXT        NOT NULL,
    buyer_name        TEXT        NOT NULL,
    billing_address   TEXT        NOT NULL,
    purchase_order    TEXT,
    product_name      TEXT        NOT NULL,
    description       TEXT        NOT NULL,
    credits           INTEGER      CHECK (credits > 0),
    unit_price_minor  INTEGER      CHECK (unit_price_minor > 0),
    term_from         TEXT        NOT NULL,
    term_to           TEXT        NOT NULL,
    remark            TEXT        NOT NULL,
    amount_minor      INTEGER      NOT NULL,
    currency          TEXT        NOT NULL CHECK (LENGTH(currency) = 3),
    payment_method    TEXT        NOT NULL,
    reason            TEXT,
    issued_at         TEXT        NOT NULL,
    due_at            TEXT,
    paid_at           TEXT,
    CHECK ((series = 'invoice') = (charge_id IS NOT NULL)),
    CHECK ((series = 'credit_note') = (corrects IS NOT NULL)),
    CHECK ((series = 'credit_note') = (reason IS NOT NULL)),
    CHECK ((series = 'credit_note') = (turn > 0)),
    CHECK ((series = 'invoice' AND amount_minor >= 0) OR (series = 'credit_note' AND amount_minor < 0)),
    CONSTRAINT invoices_sequence UNIQUE (seller_id, series, year, sequence)
) STRICT;
CREATE UNIQUE INDEX invoices_turn ON invoices (corrects, turn) WHERE corrects IS NOT NULL;
CREATE INDEX invoices_by_buyer ON invoices (buyer_account_id, issued_at, id);
CREATE INDEX invoices_by_year ON invoices (buyer_account_id, year, issued_at, id);

-- A number is given only after the one before it, so that no gap can ever be stored.
CREATE TRIGGER invoices_gapless BEFORE INSERT ON invoices
WHEN NEW.sequence > 1 AND NOT EXISTS (
    SELECT 1 FROM invoices i WHERE i.seller_id = NEW.seller_id AND i.series = NEW.series AND i.year = NEW.year AND i.sequence = NEW.sequence - 1
)
BEGIN
    SELECT RAISE(ABORT, 'invoices: a number would be left out');
END;

-- Credit notes never give back more than was charged.
CREATE TRIGGER invoices_not_over_credited BEFORE INSERT ON invoices
WHEN NEW.corrects IS NOT NULL AND (
    SELECT COALESCE(SUM(i.amount_minor), 0) FROM invoices i WHERE i.id = NEW.corrects OR i.corrects = NEW.corrects
) + NEW.amount_minor < 0
BEGIN
    SELECT RAISE(ABORT, 'invoices: more credited than charged');
END;

CREATE TRIGGER invoices_no_update BEFORE UPDATE ON invoices
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of invoices is refused');
END;

CREATE TRIGGER invoices_no_delete BEFORE DELETE ON invoices
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of invoices is refused');
END;

-- No path can forget the invoice: it comes first, in the same transaction, or the charge is refused.
CREATE TRIGGER charges_invoiced BEFORE INSERT ON charges
WHEN NOT EXISTS (SELECT 1 FROM invoices i WHERE i.charge_id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'charges: a charge without an invoice is refused');
END;
