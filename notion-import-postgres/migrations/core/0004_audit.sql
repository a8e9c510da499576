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

DO $$
DECLARE
    name text;
    tenant text := 'tenant_id = nullif(current_setting(''notion_import.tenant_id'', true), '''')::uuid';
BEGIN
    FOREACH name IN ARRAY ARRAY['audit', 'audit_heads'] LOOP
        EXECUTE format('ALTER TABLE notion_import.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE notion_import.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON notion_import.%I TO notion_import_app, notion_import_sync USING (%s) WITH CHECK (%s)',
            name, tenant, tenant);
        EXECUTE format('REVOKE ALL ON notion_import.%I FROM PUBLIC', name);
    END LOOP;
END $$;

-- A sync adds entries and reads none.
GRANT SELECT, INSERT ON notion_import.audit TO notion_import_app;
GRANT INSERT ON notion_import.audit TO notion_import_sync;
GRANT SELECT, INSERT, UPDATE (number) ON notion_import.audit_heads TO notion_import_app, notion_import_sync;

CREATE TRIGGER audit_is_only_added_to BEFORE UPDATE OR DELETE ON notion_import.audit
    FOR EACH ROW EXECUTE FUNCTION notion_import.refuse();
