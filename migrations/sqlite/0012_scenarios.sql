-- Estimates of the calculator that a business keeps under a name (CRD-8). A scenario is a note and no record of what happened:
-- it may be changed and removed, each time against the version that the person saw.
CREATE TABLE scenarios (
    id          BLOB        NOT NULL PRIMARY KEY,
    business_id BLOB        NOT NULL REFERENCES businesses (id),
    name        TEXT        NOT NULL,
    name_key    TEXT        NOT NULL,
    about       TEXT        NOT NULL,
    estimate    TEXT        NOT NULL,
    version     INTEGER     NOT NULL CHECK (version > 0),
    created_at  TEXT        NOT NULL,
    created_by  TEXT        NOT NULL,
    changed_at  TEXT        NOT NULL,
    changed_by  TEXT        NOT NULL,
    CHECK (created_at <= changed_at),
    CONSTRAINT scenarios_name UNIQUE (business_id, name_key)
) STRICT;
