-- Figures and history of a pool are sums over its entries: with the credits in the index, neither reads a row of the table,
-- and history finds its window by time. The first takes the place of the one without the credits.
DROP INDEX credit_entries_by_business;
CREATE INDEX credit_entries_by_end ON credit_entries (business_id, expires_at, effective_at, credits, kind);
CREATE INDEX credit_entries_by_start ON credit_entries (business_id, effective_at, kind, expires_at, credits);
