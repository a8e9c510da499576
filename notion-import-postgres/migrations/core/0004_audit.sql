-- The audit: one sequence a tenant. What an entry is about may be gone, so it refers to no other table.

CREATE TABLE notion_import.audit (
    tenant_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    agent text NOT NULL,
    agent_id uuid,
    address text,
    subject text NOT NULL,
    subject_id uuid NOT NULL,
    event json NOT NULL,
    PRIMARY KEY (tenant_id, number)
);

CREATE INDEX audit_by_subject ON notion_import.audit (tenant_id, subject, subject_id, number);

-- The number of each tenant's newest entry. Whoever writes holds the row until the transaction ends, so numbers have no gap, and
-- no two transactions have one number.
CREATE TABLE notion_import.audit_heads (
    tenant_id uuid NOT NULL PRIMARY KEY,
    number bigint NOT NULL CHECK (number > 0)
);

-- From where on a tenant's logs are kept, once their beginning is not.
CREATE TABLE notion_import.log_starts (
    tenant_id uuid NOT NULL PRIMARY KEY,
    -- Entries of the audit up to this one are gone. The latest time that one of them names, and what they came to, if that is not nothing.
    number bigint NOT NULL DEFAULT 0,
    at timestamptz,
    state json,
    -- Readings from before this are gone.
    reads_from timestamptz
);

DO $$
DECLARE
    name text;
    tenant text := 'tenant_id = nullif(current_setting(''notion_import.tenant_id'', true), '''')::uuid';
BEGIN
    FOREACH name IN ARRAY ARRAY['audit', 'audit_heads', 'log_starts'] LOOP
        EXECUTE format('ALTER TABLE notion_import.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE notion_import.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON notion_import.%I TO notion_import_app, notion_import_sync, notion_import_erase '
                'USING (%s) WITH CHECK (%s)',
            name, tenant, tenant);
        EXECUTE format('REVOKE ALL ON notion_import.%I FROM PUBLIC', name);
    END LOOP;
END $$;

-- A sync adds entries and reads none.
GRANT SELECT, INSERT ON notion_import.audit TO notion_import_app;
GRANT INSERT ON notion_import.audit TO notion_import_sync;
GRANT SELECT, INSERT, UPDATE (number) ON notion_import.audit_heads TO notion_import_app, notion_import_sync;

GRANT SELECT ON notion_import.log_starts TO notion_import_app;

-- Whoever erases a tenant, or cuts its logs, says from where on they are kept, and takes what was before.
GRANT SELECT, INSERT, DELETE ON notion_import.audit TO notion_import_erase;
GRANT SELECT, INSERT, UPDATE (number) ON notion_import.audit_heads TO notion_import_erase;
GRANT SELECT, INSERT, UPDATE (number, at, state, reads_from) ON notion_import.log_starts TO notion_import_erase;

CREATE TRIGGER audit_is_only_added_to BEFORE UPDATE ON notion_import.audit
    FOR EACH ROW EXECUTE FUNCTION notion_import.refuse();

CREATE FUNCTION notion_import.refuse_kept_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$ BEGIN
    IF OLD.number <= (SELECT s.number FROM notion_import.log_starts AS s WHERE s.tenant_id = OLD.tenant_id) THEN
        RETURN OLD;
    END IF;
    RAISE 'only the beginning of the audit is deleted' USING ERRCODE = 'integrity_constraint_violation';
END $$;
REVOKE ALL ON FUNCTION notion_import.refuse_kept_entry FROM PUBLIC;

CREATE TRIGGER only_the_beginning_of_the_audit_is_deleted BEFORE DELETE ON notion_import.audit
    FOR EACH ROW EXECUTE FUNCTION notion_import.refuse_kept_entry();
