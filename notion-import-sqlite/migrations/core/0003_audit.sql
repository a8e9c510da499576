-- The audit: one sequence a tenant. What an entry is about may be gone, so it refers to no other table.

CREATE TABLE audit (
    tenant_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    at INTEGER NOT NULL,
    agent TEXT NOT NULL,
    agent_id TEXT,
    address TEXT,
    subject TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (tenant_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_by_subject ON audit (tenant_id, subject, subject_id, number);

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;

-- From where on a tenant's logs are kept, once their beginning is not.
CREATE TABLE log_starts (
    tenant_id TEXT NOT NULL PRIMARY KEY,
    -- Entries of the audit up to this one are gone. The latest time that one of them names, and what they came to, if that is not nothing.
    number INTEGER NOT NULL DEFAULT 0,
    at INTEGER,
    state TEXT,
    -- Readings from before this are gone.
    reads_from INTEGER
) STRICT, WITHOUT ROWID;

CREATE TRIGGER only_the_beginning_of_the_audit_is_deleted BEFORE DELETE ON audit
WHEN old.number > coalesce((SELECT number FROM log_starts WHERE tenant_id = old.tenant_id), 0)
BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;
