-- Documents and their versions. Nothing here says who may read them.

CREATE TABLE notion_import.documents (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    title json NOT NULL,
    edited_here boolean NOT NULL,
    latest integer NOT NULL CHECK (latest > 0),
    -- Of what the newest version says.
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    created_at timestamptz NOT NULL,
    -- The link: all of it or nothing, but for the connection, which a disconnect takes away.
    source_id uuid,
    -- What links to a data source name.
    database_id uuid,
    source json,
    state text,
    update_available boolean,
    trouble json,
    -- What somebody chose to be shown of a data source.
    shown json,
    connection uuid,
    -- The link that somebody took from it, and its connection, which a disconnect takes away.
    unlinked json,
    unlinked_from uuid,
    read json NOT NULL,
    -- What lists are searched and ordered by: the title, folded, and when the source was last edited.
    folded text COLLATE "C" NOT NULL,
    edited_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK (num_nulls(source_id, source, state, update_available) IN (0, 4)),
    CHECK (source_id IS NOT NULL OR connection IS NULL),
    CHECK (source_id IS NOT NULL OR database_id IS NULL),
    CHECK (source_id IS NOT NULL OR num_nonnulls(trouble, shown) = 0),
    CHECK (source_id IS NULL OR unlinked IS NULL),
    CHECK (unlinked IS NOT NULL OR unlinked_from IS NULL)
-- Where there is room on a row's page, no index has to follow a change.
) WITH (fillfactor = 75);

CREATE UNIQUE INDEX documents_by_source ON notion_import.documents (tenant_id, source_id) WHERE source_id IS NOT NULL;
CREATE INDEX documents_by_database ON notion_import.documents (tenant_id, database_id) WHERE database_id IS NOT NULL;
CREATE INDEX documents_by_connection ON notion_import.documents (tenant_id, connection, id) WHERE connection IS NOT NULL;
CREATE INDEX documents_detached ON notion_import.documents (tenant_id, id) WHERE connection IS NULL AND source_id IS NOT NULL;
CREATE INDEX documents_unlinked ON notion_import.documents (tenant_id, unlinked_from) WHERE unlinked_from IS NOT NULL;
CREATE INDEX documents_by_age ON notion_import.documents (tenant_id, created_at, id);
CREATE INDEX documents_by_title ON notion_import.documents (tenant_id, folded, id);
CREATE INDEX documents_by_edit ON notion_import.documents (tenant_id, edited_at, id);
CREATE INDEX documents_stale ON notion_import.documents (tenant_id, id)
    WHERE source_id IS NULL OR connection IS NULL OR state <> 'present' OR update_available;
CREATE INDEX documents_in_trouble ON notion_import.documents (tenant_id, id) WHERE trouble IS NOT NULL;

-- When the sources of documents were last looked at. Most looks find nothing new and write here only. Every document has its row,
-- and whoever changes a document locks that: it is shorter.
CREATE TABLE notion_import.checks (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, document_id),
    FOREIGN KEY (tenant_id, document_id) REFERENCES notion_import.documents (tenant_id, id)
-- A sync may look at all the documents of a page in turn: there is room for each of them twice.
) WITH (fillfactor = 45);

CREATE TABLE notion_import.versions (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    content json NOT NULL,
    -- The file that is the content, if one is.
    blob bytea CHECK (octet_length(blob) = 32),
    attachments json NOT NULL,
    fidelity json NOT NULL,
    exposure json NOT NULL,
    source_edited_at timestamptz NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, document_id, number),
    FOREIGN KEY (tenant_id, document_id) REFERENCES notion_import.documents (tenant_id, id)
);

CREATE TABLE notion_import.syncs (
    tenant_id uuid NOT NULL,
    connection uuid NOT NULL,
    generation bigint NOT NULL,
    detached bigint NOT NULL DEFAULT 0,
    watermark timestamptz,
    PRIMARY KEY (tenant_id, connection)
);

DO $$
DECLARE
    name text;
    tenant text := 'tenant_id = nullif(current_setting(''notion_import.tenant_id'', true), '''')::uuid';
BEGIN
    FOREACH name IN ARRAY ARRAY['documents', 'checks', 'versions', 'syncs'] LOOP
        EXECUTE format('ALTER TABLE notion_import.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE notion_import.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON notion_import.%I TO notion_import_app, notion_import_sync, notion_import_erase '
                'USING (%s) WITH CHECK (%s)',
            name, tenant, tenant);
        EXECUTE format('REVOKE ALL ON notion_import.%I FROM PUBLIC', name);
    END LOOP;
END $$;

GRANT SELECT, INSERT ON notion_import.documents TO notion_import_app, notion_import_sync;
GRANT UPDATE (title, edited_here, latest, digest, source_id, database_id, source, state, update_available, trouble, shown, connection, unlinked,
    unlinked_from, read,
    folded, edited_at)
    ON notion_import.documents TO notion_import_app, notion_import_sync;
GRANT SELECT, UPDATE (checked_at) ON notion_import.checks TO notion_import_app, notion_import_sync;
GRANT INSERT ON notion_import.checks TO notion_import_sync;
GRANT SELECT, INSERT ON notion_import.versions TO notion_import_sync;
GRANT SELECT ON notion_import.versions TO notion_import_app;
GRANT SELECT, INSERT, UPDATE ON notion_import.syncs TO notion_import_sync;

-- A tenant is erased with all its documents. What its former connections may not do stays.
GRANT SELECT (tenant_id), DELETE ON notion_import.documents, notion_import.checks, notion_import.versions TO notion_import_erase;
GRANT SELECT (tenant_id), UPDATE (watermark) ON notion_import.syncs TO notion_import_erase;

-- Not even their owner rewrites them.
CREATE FUNCTION notion_import.refuse() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN RAISE 'a row of % is only added', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END $$;
REVOKE ALL ON FUNCTION notion_import.refuse FROM PUBLIC;

CREATE TRIGGER versions_are_not_changed BEFORE UPDATE ON notion_import.versions
    FOR EACH ROW EXECUTE FUNCTION notion_import.refuse();
