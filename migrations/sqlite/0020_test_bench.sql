-- The test bench for vendors' engineers. Nothing here is read or written unless it is switched on.

-- How far the clock was put forward. It never goes back.
CREATE TABLE test_bench_clock (
    one          INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    ahead_micros INTEGER NOT NULL CHECK (ahead_micros >= 0)
) STRICT;
INSERT INTO test_bench_clock (one, ahead_micros) VALUES (1, 0);

CREATE TRIGGER test_bench_clock_forward BEFORE UPDATE ON test_bench_clock WHEN NEW.ahead_micros < OLD.ahead_micros
BEGIN
    SELECT RAISE(ABORT, 'the clock of the test bench only goes forward');
END;

-- Faults that are on: until switched off, or so many times more.
CREATE TABLE test_bench_faults (
    name           TEXT NOT NULL PRIMARY KEY,
    value          INTEGER NOT NULL CHECK (value >= 0),
    remaining      INTEGER CHECK (remaining >= 0),
    switched_on_at TEXT NOT NULL,
    switched_on_by TEXT NOT NULL
) STRICT;

-- Payments that the bench took over: what it answers, and from when on.
CREATE TABLE test_bench_payments (
    payment_id BLOB NOT NULL PRIMARY KEY,
    outcome    TEXT NOT NULL CHECK (outcome IN ('approved', 'declined')),
    decides_at TEXT NOT NULL
) STRICT;

-- Registration tokens that were resolved while a second time is refused, by hash.
CREATE TABLE test_bench_tokens (
    token_hash  BLOB NOT NULL PRIMARY KEY,
    resolved_at TEXT NOT NULL
) STRICT;

-- What the inspector saw, without secrets.
CREATE TABLE test_bench_records (
    id              BLOB NOT NULL PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('call', 'event', 'redirect')),
    seen_at         TEXT NOT NULL,
    operation       TEXT NOT NULL,
    account         TEXT NOT NULL,
    key_id          TEXT NOT NULL,
    protocol        TEXT NOT NULL,
    status          INTEGER NOT NULL,
    duration_micros INTEGER NOT NULL CHECK (duration_micros >= 0),
    request_id      TEXT NOT NULL,
    request         TEXT NOT NULL,
    answer          TEXT NOT NULL
) STRICT;
CREATE INDEX test_bench_records_list ON test_bench_records (seen_at, id);
