-- Renewal: the next term of a contract, and the console's side of it.

-- Which offer was in force when: a renewal that runs late still has the price of the end instant.
CREATE TABLE offer_history (
    id         UUID        NOT NULL PRIMARY KEY,
    product_id TEXT        NOT NULL REFERENCES products (id),
    offer_id   TEXT        NOT NULL REFERENCES offers (id),
    since      TIMESTAMPTZ NOT NULL
);
CREATE INDEX offer_history_by_time ON offer_history (product_id, since, id);
INSERT INTO offer_history (id, product_id, offer_id, since) SELECT gen_random_uuid(), product_id, offer_id, since FROM current_offers;
CREATE TRIGGER offer_history_append_only BEFORE UPDATE OR DELETE ON offer_history FOR EACH ROW EXECUTE FUNCTION refuse_change();

ALTER TABLE products ADD COLUMN renewal_license_arn TEXT NOT NULL DEFAULT 'same' CHECK (renewal_license_arn IN ('same', 'new'));

-- What the buyer chose for the next term; nothing means the total that is then in force.
ALTER TABLE agreements ADD COLUMN next_credits BIGINT CHECK (next_credits > 0);
CREATE INDEX agreements_due ON agreements (ends_at, id) WHERE status = 'active';

-- A renewal's quote belongs to the agreement whose next term it pays; REN-2 rests on quotes_renewal and agreements_term.
ALTER TABLE quotes DROP CONSTRAINT quotes_kind_check;
ALTER TABLE quotes ADD CONSTRAINT quotes_kind_check CHECK (kind IN ('new', 'upgrade', 'renewal'));
ALTER TABLE quotes DROP CONSTRAINT quotes_check;
ALTER TABLE quotes ADD CONSTRAINT quotes_check CHECK ((kind <> 'new') = (agreement_id IS NOT NULL));
CREATE UNIQUE INDEX quotes_renewal ON quotes (agreement_id) WHERE kind = 'renewal';
CREATE INDEX quotes_by_agreement ON quotes (agreement_id);
ALTER TABLE charges DROP CONSTRAINT charges_kind_check;
ALTER TABLE charges ADD CONSTRAINT charges_kind_check CHECK (kind IN ('new', 'upgrade', 'renewal'));

-- The console. A contract that the marketplace said is over is not read any more; until then it is read again and again.
ALTER TABLE contracts ADD COLUMN ended_at TIMESTAMPTZ;
ALTER TABLE contracts ADD COLUMN read_again_at TIMESTAMPTZ;
CREATE INDEX contracts_due ON contracts (expires_at, id) WHERE ended_at IS NULL;
CREATE INDEX contracts_by_chain ON contracts (initial_agreement_id);

-- License ARNs that a contract had before a renewal gave it another one (REN-4).
CREATE TABLE contract_arns (
    license_arn  TEXT        NOT NULL PRIMARY KEY,
    contract_id  UUID        NOT NULL REFERENCES contracts (id),
    agreement_id TEXT        NOT NULL,
    replaced_at  TIMESTAMPTZ NOT NULL
);
CREATE INDEX contract_arns_by_contract ON contract_arns (contract_id);
CREATE INDEX contract_arns_by_key ON contract_arns (SUBSTR(license_arn, LENGTH(license_arn) - 33));

-- Since when an item runs in a term that is a renewal.
ALTER TABLE licenses ADD COLUMN renewed_at TIMESTAMPTZ;

-- The next term of an item, and what staff took back from one.
ALTER TABLE credit_entries DROP CONSTRAINT credit_entries_kind_check;
ALTER TABLE credit_entries ADD CONSTRAINT credit_entries_kind_check CHECK (kind IN ('granted', 'renewed', 'corrected', 'transferred_out', 'transferred_in'));
ALTER TABLE credit_entries DROP CONSTRAINT credit_entries_check;
ALTER TABLE credit_entries ADD CONSTRAINT credit_entries_check CHECK ((kind IN ('granted', 'renewed', 'corrected')) = (transfer_id IS NULL));
ALTER TABLE credit_entries DROP CONSTRAINT credit_entries_check1;
ALTER TABLE credit_entries ADD CONSTRAINT credit_entries_check1 CHECK ((kind IN ('transferred_out', 'corrected')) = (credits < 0));
CREATE UNIQUE INDEX credit_entries_renewal ON credit_entries (license_id, effective_at) WHERE kind = 'renewed';

-- Questions for staff: also a renewal whose contract is not sure, and how a question was answered.
ALTER TABLE contract_questions DROP CONSTRAINT contract_questions_kind_check;
ALTER TABLE contract_questions ADD CONSTRAINT contract_questions_kind_check CHECK (kind IN ('lower_total', 'unknown_dimension', 'other_expiry', 'unclear_renewal'));
ALTER TABLE contract_questions ADD COLUMN license_arn TEXT;
ALTER TABLE contract_questions ADD COLUMN closed_as TEXT CHECK (closed_as IN ('vanished', 'taken_over', 'joined', 'kept'));
ALTER TABLE contract_questions ADD COLUMN closed_by UUID REFERENCES people (id);
ALTER TABLE contract_questions ADD COLUMN reason TEXT;
