-- AUD-2: each audit entry gets its place in one chain of hashes. Sealing follows the entries, so that writers never wait for each other.

CREATE TABLE audit_seals (
    sequence  INTEGER      NOT NULL PRIMARY KEY CHECK (sequence > 0),
    entry_id  BLOB        NOT NULL CONSTRAINT audit_seals_entry UNIQUE REFERENCES audit_entries (id),
    hash      BLOB        NOT NULL CHECK (LENGTH(hash) = 32),
    sealed_at TEXT        NOT NULL
) STRICT;

CREATE TRIGGER audit_seals_no_update BEFORE UPDATE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'append-only: UPDATE of audit_seals is refused');
END;

CREATE TRIGGER audit_seals_no_delete BEFORE DELETE ON audit_seals
BEGIN
    SELECT RAISE(ABORT, 'append-only: DELETE of audit_seals is refused');
END;
