-- AUD-2: each audit entry gets its place in one chain of hashes. Sealing follows the entries, so that writers never wait for each other.

CREATE TABLE audit_seals (
    sequence  BIGINT      NOT NULL PRIMARY KEY CHECK (sequence > 0),
    entry_id  UUID        NOT NULL CONSTRAINT audit_seals_entry UNIQUE REFERENCES audit_entries (id),
    hash      BYTEA       NOT NULL CHECK (LENGTH(hash) = 32),
    sealed_at TIMESTAMPTZ NOT NULL
);

CREATE TRIGGER audit_seals_append_only BEFORE UPDATE OR DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION refuse_change();
