-- Who has read what. What was read as a page has no file.

CREATE TABLE notion_import.reads (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    minute timestamptz NOT NULL,
    contact_id uuid NOT NULL,
    address text,
    document_id uuid NOT NULL,
    version integer NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    file bytea NOT NULL CHECK (octet_length(file) IN (0, 32)),
    assignment_id uuid NOT NULL,
    accepted json NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, contact_id, document_id, version, file, minute),
    FOREIGN KEY (tenant_id, document_id, version) REFERENCES notion_import.versions (tenant_id, document_id, number)
);

CREATE INDEX reads_by_document ON notion_import.reads (tenant_id, document_id, id);
CREATE INDEX reads_by_contact ON notion_import.reads (tenant_id, contact_id, id);

CREATE TABLE notion_import.public_reads (
    tenant_id uuid NOT NULL,
    document_id uuid NOT NULL,
    minute timestamptz NOT NULL,
    version integer NOT NULL,
    file bytea NOT NULL CHECK (octet_length(file) IN (0, 32)),
    count bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (tenant_id, document_id, minute, version, file),
    FOREIGN KEY (tenant_id, document_id, version) REFERENCES notion_import.versions (tenant_id, document_id, number)
);

DO $$
DECLARE
    name text;
    tenant text := 'tenant_id = nullif(current_setting(''notion_import.tenant_id'', true), '''')::uuid';
BEGIN
    FOREACH name IN ARRAY ARRAY['reads', 'public_reads'] LOOP
        EXECUTE format('ALTER TABLE notion_import.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE notion_import.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON notion_import.%I TO notion_import_app, notion_import_sync, notion_import_erase '
                'USING (%s) WITH CHECK (%s)',
            name, tenant, tenant);
        EXECUTE format('REVOKE ALL ON notion_import.%I FROM PUBLIC', name);
    END LOOP;
END $$;

-- To the application alone, which adds and counts.
GRANT SELECT, INSERT ON notion_import.reads, notion_import.public_reads TO notion_import_app;
GRANT UPDATE (count) ON notion_import.public_reads TO notion_import_app;

GRANT SELECT (tenant_id, at), DELETE ON notion_import.reads TO notion_import_erase;
GRANT SELECT (tenant_id, minute), DELETE ON notion_import.public_reads TO notion_import_erase;

CREATE TRIGGER reads_are_only_added_to BEFORE UPDATE ON notion_import.reads
    FOR EACH ROW EXECUTE FUNCTION notion_import.refuse();

CREATE FUNCTION notion_import.refuse_kept_read() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN
    IF OLD.at < (SELECT s.reads_from FROM notion_import.log_starts AS s WHERE s.tenant_id = OLD.tenant_id) THEN
        RETURN OLD;
    END IF;
    RAISE 'only the beginning of the read log is deleted' USING ERRCODE = 'integrity_constraint_violation';
END $$;
REVOKE ALL ON FUNCTION notion_import.refuse_kept_read FROM PUBLIC;

CREATE TRIGGER only_the_oldest_reads_are_deleted BEFORE DELETE ON notion_import.reads
    FOR EACH ROW EXECUTE FUNCTION notion_import.refuse_kept_read();
