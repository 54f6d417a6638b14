-- Invoices and credit notes (MKT-13): what finance keeps. Numbers are gapless by seller, series and year, every charge
-- has its invoice before it has a row, and nothing is edited afterwards.

-- What a seller's numbers begin with; once given it stays, whatever the seller is called later.
CREATE TABLE invoice_prefixes (
    seller_id TEXT        NOT NULL PRIMARY KEY REFERENCES sellers (id),
    prefix    TEXT        NOT NULL CONSTRAINT invoice_prefixes_prefix UNIQUE
);

-- The last number given. The row is locked by whoever takes the next one, until that is booked or given up.
CREATE TABLE invoice_counters (
    seller_id TEXT        NOT NULL REFERENCES sellers (id),
    series    TEXT        NOT NULL CHECK (series IN ('invoice', 'credit_note')),
    year      BIGINT      NOT NULL,
    last      BIGINT      NOT NULL CHECK (last > 0),
    PRIMARY KEY (seller_id, series, year)
);

-- Everything that stands on the document, as it was on the day.
CREATE TABLE invoices (
    id                UUID        NOT NULL PRIMARY KEY,
    number            TEXT        NOT NULL CONSTRAINT invoices_number UNIQUE,
    series            TEXT        NOT NULL CHECK (series IN ('invoice', 'credit_note')),
    seller_id         TEXT        NOT NULL REFERENCES sellers (id),
    year              BIGINT      NOT NULL,
    sequence          BIGINT      NOT NULL CHECK (sequence > 0),
    buyer_account_id  TEXT        NOT NULL REFERENCES buyer_accounts (id),
    charge_id         UUID        CONSTRAINT invoices_charge UNIQUE REFERENCES charges (id) DEFERRABLE INITIALLY DEFERRED,
    corrects          UUID        REFERENCES invoices (id),
    turn              BIGINT      NOT NULL CHECK (turn >= 0),
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
    credits           BIGINT      CHECK (credits > 0),
    unit_price_minor  BIGINT      CHECK (unit_price_minor > 0),
    term_from         TIMESTAMPTZ NOT NULL,
    term_to           TIMESTAMPTZ NOT NULL,
    remark            TEXT        NOT NULL,
    amount_minor      BIGINT      NOT NULL,
    currency          TEXT        NOT NULL CHECK (LENGTH(currency) = 3),
    payment_method    TEXT        NOT NULL,
    reason            TEXT,
    issued_at         TIMESTAMPTZ NOT NULL,
    due_at            TIMESTAMPTZ,
    paid_at           TIMESTAMPTZ,
    CHECK ((series = 'invoice') = (charge_id IS NOT NULL)),
    CHECK ((series = 'credit_note') = (corrects IS NOT NULL)),
    CHECK ((series = 'credit_note') = (reason IS NOT NULL)),
    CHECK ((series = 'credit_note') = (turn > 0)),
    CHECK ((series = 'invoice' AND amount_minor >= 0) OR (series = 'credit_note' AND amount_minor < 0)),
    CONSTRAINT invoices_sequence UNIQUE (seller_id, series, year, sequence)
);
CREATE UNIQUE INDEX invoices_turn ON invoices (corrects, turn) WHERE corrects IS NOT NULL;
CREATE INDEX invoices_by_buyer ON invoices (buyer_account_id, issued_at, id);
CREATE INDEX invoices_by_year ON invoices (buyer_account_id, year, issued_at, id);

-- A number is given only after the one before it, so that no gap can ever be stored; and credit notes never give back more
-- than was charged.
CREATE FUNCTION check_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.sequence > 1 AND NOT EXISTS (
        SELECT 1 FROM invoices i WHERE i.seller_id = NEW.seller_id AND i.series = NEW.series AND i.year = NEW.year AND i.sequence = NEW.sequence - 1
    ) THEN
        RAISE EXCEPTION 'invoices: a number would be left out';
    END IF;
    IF NEW.corrects IS NOT NULL AND (
        SELECT COALESCE(SUM(i.amount_minor), 0) FROM invoices i WHERE i.id = NEW.corrects OR i.corrects = NEW.corrects
    ) + NEW.amount_minor < 0 THEN
        RAISE EXCEPTION 'invoices: more credited than charged';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER invoices_checked BEFORE INSERT ON invoices FOR EACH ROW EXECUTE FUNCTION check_invoice();
CREATE TRIGGER invoices_append_only BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- No path can forget the invoice: it comes first, in the same transaction, or the charge is refused.
CREATE FUNCTION refuse_uninvoiced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM invoices i WHERE i.charge_id = NEW.id) THEN
        RAISE EXCEPTION 'charges: a charge without an invoice is refused';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER charges_invoiced BEFORE INSERT ON charges FOR EACH ROW EXECUTE FUNCTION refuse_uninvoiced();
