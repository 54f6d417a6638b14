-- Rows that record what happened are never edited or removed, whoever asks (quality A12).

CREATE TRIGGER offers_no_update BEFORE UPDATE ON offers
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of offers is refused');
END;

CREATE TRIGGER offers_no_delete BEFORE DELETE ON offers
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of offers is refused');
END;

CREATE TRIGGER charges_no_update BEFORE UPDATE ON charges
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of charges is refused');
END;

CREATE TRIGGER charges_no_delete BEFORE DELETE ON charges
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of charges is refused');
END;

CREATE TRIGGER credit_entries_no_update BEFORE UPDATE ON credit_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of credit_entries is refused');
END;

CREATE TRIGGER credit_entries_no_delete BEFORE DELETE ON credit_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of credit_entries is refused');
END;

CREATE TRIGGER allocation_entries_no_update BEFORE UPDATE ON allocation_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of allocation_entries is refused');
END;

CREATE TRIGGER allocation_entries_no_delete BEFORE DELETE ON allocation_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of allocation_entries is refused');
END;

CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of audit_entries is refused');
END;

CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of audit_entries is refused');
END;
