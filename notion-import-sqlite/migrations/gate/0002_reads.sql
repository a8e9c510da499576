-- Who has read what. What was read as a page has no file.

CREATE TABLE reads (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    minute INTEGER NOT NULL,
    contact_id TEXT NOT NULL,
    address TEXT,
    document_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    digest TEXT NOT NULL,
    file TEXT NOT NULL,
    assignment_id TEXT NOT NULL,
    accepted TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, contact_id, document_id, version, file, minute),
    FOREIGN KEY (tenant_id, document_id, version) REFERENCES versions (tenant_id, document_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX reads_by_document ON reads (tenant_id, document_id, id);
CREATE INDEX reads_by_contact ON reads (tenant_id, contact_id, id);

CREATE TRIGGER reads_are_not_changed BEFORE UPDATE ON reads
BEGIN SELECT raise(ABORT, 'the read log is only added to'); END;

CREATE TRIGGER only_the_oldest_reads_are_deleted BEFORE DELETE ON reads
WHEN coalesce(old.at >= (SELECT reads_from FROM log_starts WHERE tenant_id = old.tenant_id), true)
BEGIN SELECT raise(ABORT, 'the read log is only added to'); END;

CREATE TABLE public_reads (
    tenant_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    minute INTEGER NOT NULL,
    version INTEGER NOT NULL,
    file TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (tenant_id, document_id, minute, version, file),
    FOREIGN KEY (tenant_id, document_id, version) REFERENCES versions (tenant_id, document_id, number)
) STRICT, WITHOUT ROWID;
