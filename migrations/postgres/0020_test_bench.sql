-- The test bench for vendors' engineers. Nothing here is read or written unless it is switched on.

-- How far the clock was put forward. It never goes back.
CREATE TABLE test_bench_clock (
    one          BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    ahead_micros BIGINT NOT NULL CHECK (ahead_micros >= 0)
);
INSERT INTO test_bench_clock (one, ahead_micros) VALUES (1, 0);

CREATE FUNCTION refuse_clock_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the clock of the test bench only goes forward';
END
$$;
CREATE TRIGGER test_bench_clock_forward BEFORE UPDATE ON test_bench_clock FOR EACH ROW WHEN (NEW.ahead_micros < OLD.ahead_micros) EXECUTE FUNCTION refuse_clock_back();

-- Faults that are on: until switched off, or so many times more.
CREATE TABLE test_bench_faults (
    name           TEXT NOT NULL PRIMARY KEY,
    value          BIGINT NOT NULL CHECK (value >= 0),
    remaining      BIGINT CHECK (remaining >= 0),
    switched_on_at TIMESTAMPTZ NOT NULL,
    switched_on_by TEXT NOT NULL
);

-- Payments that the bench took over: what it answers, and from when on.
CREATE TABLE test_bench_payments (
    payment_id UUID NOT NULL PRIMARY KEY,
    outcome    TEXT NOT NULL CHECK (outcome IN ('approved', 'declined')),
    decides_at TIMESTAMPTZ NOT NULL
);

-- Registration tokens that were resolved while a second time is refused, by hash.
CREATE TABLE test_bench_tokens (
    token_hash  BYTEA NOT NULL PRIMARY KEY,
    resolved_at TIMESTAMPTZ NOT NULL
);

-- What the inspector saw, without secrets.
CREATE TABLE test_bench_records (
    id              UUID NOT NULL PRIMARY KEY,
    kind            TEXT NOT NULL CHECK (kind IN ('call', 'event', 'redirect')),
    seen_at         TIMESTAMPTZ NOT NULL,
    operation       TEXT NOT NULL,
    account         TEXT NOT NULL,
    key_id          TEXT NOT NULL,
    protocol        TEXT NOT NULL,
    status          BIGINT NOT NULL,
    duration_micros BIGINT NOT NULL CHECK (duration_micros >= 0),
    request_id      TEXT NOT NULL,
    request         TEXT NOT NULL,
    answer          TEXT NOT NULL
);
CREATE INDEX test_bench_records_list ON test_bench_records (seen_at, id);
