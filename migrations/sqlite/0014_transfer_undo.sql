-- SUP-5: a transfer back that says which one it undoes; one transfer is undone once at most.

ALTER TABLE transfers ADD COLUMN undoes BLOB REFERENCES transfers (id);
CREATE UNIQUE INDEX transfers_undone ON transfers (undoes) WHERE undoes IS NOT NULL AND status = 'approved';
