-- Who acts. Roles belong to the whole cluster, so another database may have made them already.

DO $$
DECLARE
    role text;
    -- Since PostgreSQL 16 a member is not always allowed to act as the role.
    acting text := CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
    FOREACH role IN ARRAY ARRAY['notion_import_app', 'notion_import_sync', 'notion_import_lookup'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, role, acting) THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', role);
        END IF;
    END LOOP;
END $$;

REVOKE ALL ON SCHEMA notion_import FROM PUBLIC;
GRANT USAGE ON SCHEMA notion_import TO notion_import_app, notion_import_sync, notion_import_lookup;

REVOKE ALL ON notion_import.migrations FROM PUBLIC;
GRANT SELECT ON notion_import.migrations TO notion_import_app;
