-- What the administrator of a database runs once in it, as a superuser or as a login that makes roles and owns the database, so that
-- the host's login need neither own nor make anything. Running it again changes nothing.
--
--   notion_import_owner  logs in to migrate, owns the schema, and acts for no tenant
--   notion_import_login  logs in for the host, owns nothing but the queue of syncs, and sees no row before it names a tenant
--
-- Give the two a password (\password in psql), or let logins of your own be members of them and of nothing else here.

DO $$
DECLARE
    role text;
    acting text := CASE WHEN current_setting('server_version_num')::int < 160000 THEN '' ELSE ' WITH INHERIT FALSE, SET TRUE' END;
BEGIN
    FOREACH role IN ARRAY ARRAY['notion_import_app', 'notion_import_sync', 'notion_import_lookup', 'notion_import_erase'] LOOP
        IF to_regrole(role) IS NULL THEN EXECUTE format('CREATE ROLE %I NOLOGIN', role); END IF;
    END LOOP;
    FOREACH role IN ARRAY ARRAY['notion_import_owner', 'notion_import_login'] LOOP
        IF to_regrole(role) IS NULL THEN EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', role); END IF;
    END LOOP;
    -- The look-ups across tenants belong to a role of their own. Only the owner can give them to it.
    EXECUTE 'GRANT notion_import_lookup TO notion_import_owner' || acting;
    EXECUTE 'GRANT notion_import_app, notion_import_sync, notion_import_erase TO notion_import_login' || acting;
    -- Whoever makes a schema for somebody acts as that somebody.
    IF current_setting('is_superuser') = 'off' THEN
        EXECUTE 'GRANT notion_import_owner, notion_import_login TO CURRENT_USER';
    END IF;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO notion_import_owner', current_database());
    CREATE SCHEMA IF NOT EXISTS notion_import AUTHORIZATION notion_import_owner;
    CREATE SCHEMA IF NOT EXISTS notion_import_worker AUTHORIZATION notion_import_login;
    -- The queue makes its own tables. It would make their schema too if this one were missing, and needs a right for it even so.
    CREATE TABLE IF NOT EXISTS notion_import_worker.migrations (
        id integer PRIMARY KEY,
        ts timestamptz DEFAULT now() NOT NULL,
        breaking boolean NOT NULL DEFAULT false
    );
    ALTER TABLE notion_import_worker.migrations OWNER TO notion_import_login;
    IF current_setting('is_superuser') = 'off' THEN
        EXECUTE 'REVOKE notion_import_owner, notion_import_login FROM CURRENT_USER';
    END IF;
END $$;
