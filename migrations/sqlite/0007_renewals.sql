-- Renewal: the next term of a contract, and the console's side of it.

-- Which offer was in force when: a renewal that runs late still has the price of the end instant.
CREATE TABLE offer_history (
    id         BLOB        NOT NULL PRIMARY KEY,
    product_id TEXT        NOT NULL REFERENCES products (id),
    offer_id   TEXT        NOT NULL REFERENCES offers (id),
    since      TEXT        NOT NULL
) STRICT;
CREATE INDEX offer_history_by_time ON offer_history (product_id, since, id);
INSERT INTO offer_history (id, product_id, offer_id, since) SELECT randomblob(16), product_id, offer_id, since FROM current_offers;
CREATE TRIGGER offer_history_no_update BEFORE UPDATE ON offer_history
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of offer_history is refused');
END;
CREATE TRIGGER offer_history_no_delete BEFORE DELETE ON offer_history
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of offer_history is refused');
END;

ALTER TABLE products ADD COLUMN renewal_license_arn TEXT NOT NULL DEFAULT 'same' CHECK (renewal_license_arn IN ('same', 'new'));

-- What the buyer chose for the next term; nothing means the total that is then in force.
ALTER TABLE agreements ADD COLUMN next_credits INTEGER CHECK (next_credits > 0);
CREATE INDEX agreements_due ON agreements (ends_at, id) WHERE status = 'active';

-- The console. A contract that the marketplace said is over is not read any more; until then it is read again and again.
ALTER TABLE contracts ADD COLUMN ended_at TEXT;
ALTER TABLE contracts ADD COLUMN read_again_at TEXT;
CREATE INDEX contracts_due ON contracts (expires_at, id) WHERE ended_at IS NULL;
CREATE INDEX contracts_by_chain ON contracts (initial_agreement_id);

-- License ARNs that a contract had before a renewal gave it another one (REN-4).
CREATE TABLE contract_arns (
    license_arn  TEXT        NOT NULL PRIMARY KEY,
    contract_id  BLOB        NOT NULL REFERENCES contracts (id),
    agreement_id TEXT        NOT NULL,
    replaced_at  TEXT        NOT NULL
) STRICT;
CREATE INDEX contract_arns_by_contract ON contract_arns (contract_id);
CREATE INDEX contract_arns_by_key ON contract_arns (SUBSTR(license_arn, LENGTH(license_arn) - 33));

-- Since when an item runs in a term that is a renewal.
ALTER TABLE licenses ADD COLUMN renewed_at TEXT;

-- Questions for staff: also a renewal whose contract is not sure, and how a question was answered.
ALTER TABLE contract_questions ADD COLUMN license_arn TEXT;
ALTER TABLE contract_questions ADD COLUMN closed_as TEXT CHECK (closed_as IN ('vanished', 'taken_over', 'joined', 'kept'));
ALTER TABLE contract_questions ADD COLUMN closed_by BLOB REFERENCES people (id);
ALTER TABLE contract_questions ADD COLUMN reason TEXT;

-- Wider checks. SQLite cannot alter one; its documentation gives this way for changes that touch no stored row: every row
-- that was allowed before still is.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = REPLACE(REPLACE(sql, 'kind IN (''new'', ''upgrade'')', 'kind IN (''new'', ''upgrade'', ''renewal'')'), '(kind = ''upgrade'') = (agreement_id IS NOT NULL)', '(kind <> ''new'') = (agreement_id IS NOT NULL)') WHERE type = 'table' AND name = 'quotes';
UPDATE sqlite_schema SET sql = REPLACE(sql, 'kind IN (''new'', ''upgrade'')', 'kind IN (''new'', ''upgrade'', ''renewal'')') WHERE type = 'table' AND name = 'charges';
-- The next term of an item, and what staff took back from one.
UPDATE sqlite_schema SET sql = REPLACE(REPLACE(REPLACE(sql, 'kind IN (''granted'', ''transferred_out'', ''transferred_in'')', 'kind IN (''granted'', ''renewed'', ''corrected'', ''transferred_out'', ''transferred_in'')'), '(kind = ''granted'') = (transfer_id IS NULL)', '(kind IN (''granted'', ''renewed'', ''corrected'')) = (transfer_id IS NULL)'), '(kind = ''transferred_out'') = (credits < 0)', '(kind IN (''transferred_out'', ''corrected'')) = (credits < 0)') WHERE type = 'table' AND name = 'credit_entries';
UPDATE sqlite_schema SET sql = REPLACE(sql, '''other_expiry'')', '''other_expiry'', ''unclear_renewal'')') WHERE type = 'table' AND name = 'contract_questions';
PRAGMA writable_schema = RESET;

-- A renewal's quote belongs to the agreement whose next term it pays; REN-2 rests on quotes_renewal and agreements_term.
CREATE UNIQUE INDEX quotes_renewal ON quotes (agreement_id) WHERE kind = 'renewal';
CREATE INDEX quotes_by_agreement ON quotes (agreement_id);
CREATE UNIQUE INDEX credit_entries_renewal ON credit_entries (license_id, effective_at) WHERE kind = 'renewed';
