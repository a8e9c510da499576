-- Who acts. Roles belong to the whole cluster, so another database may have made them already, or be about to.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['notion_import_app', 'notion_import_sync', 'notion_import_lookup',
        'notion_import_erase'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END $$;
