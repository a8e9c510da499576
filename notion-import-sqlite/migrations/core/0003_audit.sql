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

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit is only added to'); END;
