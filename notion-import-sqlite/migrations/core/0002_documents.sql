-- Documents and their versions. Nothing here says who may read them.

CREATE TABLE documents (
    -- Short, for what is written at every look.
    key INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    edited_here INTEGER NOT NULL,
    latest INTEGER NOT NULL,
    -- Of what the newest version says.
    digest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- The link: all of it or nothing, but for the connection, which a disconnect takes away.
    source_id TEXT,
    -- What links to a data source name.
    database_id TEXT,
    source TEXT,
    state TEXT,
    update_available INTEGER,
    trouble TEXT,
    -- What somebody chose to be shown of a data source.
    shown TEXT,
    connection TEXT,
    -- The link that somebody took from it, and its connection, which a disconnect takes away.
    unlinked TEXT,
    unlinked_from TEXT,
    read TEXT NOT NULL,
    -- What lists are searched and ordered by: the title, folded, and when the source was last edited.
    folded TEXT NOT NULL,
    edited_at INTEGER NOT NULL,
    UNIQUE (tenant_id, id),
    CHECK ((source_id IS NULL) = (source IS NULL)),
    CHECK (source_id IS NOT NULL OR connection IS NULL),
    CHECK (source_id IS NOT NULL OR database_id IS NULL),
    CHECK (source_id IS NULL OR unlinked IS NULL),
    CHECK (unlinked IS NOT NULL OR unlinked_from IS NULL)
) STRICT;

CREATE UNIQUE INDEX documents_by_source ON documents (tenant_id, source_id) WHERE source_id IS NOT NULL;
CREATE INDEX documents_by_database ON documents (tenant_id, database_id) WHERE database_id IS NOT NULL;
CREATE INDEX documents_by_connection ON documents (tenant_id, connection, id) WHERE connection IS NOT NULL;
CREATE INDEX documents_detached ON documents (tenant_id, id) WHERE connection IS NULL AND source_id IS NOT NULL;
CREATE INDEX documents_unlinked ON documents (tenant_id, unlinked_from) WHERE unlinked_from IS NOT NULL;
CREATE INDEX documents_by_age ON documents (tenant_id, created_at, id);
CREATE INDEX documents_by_title ON documents (tenant_id, folded, id);
CREATE INDEX documents_by_edit ON documents (tenant_id, edited_at, id);
CREATE INDEX documents_stale ON documents (tenant_id, id)
    WHERE source_id IS NULL OR connection IS NULL OR state <> 'present' OR update_available;
CREATE INDEX documents_in_trouble ON documents (tenant_id, id) WHERE trouble IS NOT NULL;

-- When the sources of documents were last looked at. Most looks find nothing new and write here only.
CREATE TABLE checks (
    document INTEGER PRIMARY KEY REFERENCES documents (key),
    checked_at INTEGER NOT NULL
) STRICT;

CREATE TABLE versions (
    tenant_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    content TEXT NOT NULL,
    -- The file that is the content, if one is.
    blob TEXT,
    attachments TEXT NOT NULL,
    fidelity TEXT NOT NULL,
    exposure TEXT NOT NULL,
    source_edited_at INTEGER NOT NULL,
    imported_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, document_id, number),
    FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id)
) STRICT;

CREATE TABLE syncs (
    tenant_id TEXT NOT NULL,
    connection TEXT NOT NULL,
    generation INTEGER NOT NULL,
    detached INTEGER NOT NULL DEFAULT 0,
    watermark INTEGER,
    PRIMARY KEY (tenant_id, connection)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER versions_are_not_changed BEFORE UPDATE ON versions
BEGIN SELECT raise(ABORT, 'a version never changes'); END;
