-- What the login may do, one row a role of the installation. Roles belong to the whole cluster, so another database may have made them.

SELECT current_user::text AS login, quote_ident(current_user) AS quoted, l.rolsuper AS superuser,
    l.rolsuper OR l.rolcreaterole AS creates_roles,
    quote_ident(current_database()) AS database, has_database_privilege(current_database(), 'CREATE') AS creates_schemas,
    quote_ident('notion_import') = 'notion_import' AS is_a_name, owner.rolname::text AS owner,
    server.version AS version, 'notion_import_' || part AS role, r.oid IS NOT NULL AS is_there,
    -- Since PostgreSQL 16 a member is not always allowed to act as the role, and whoever makes roles is not a member of each.
    coalesce(pg_has_role(r.oid, CASE WHEN server.version < 16 THEN 'MEMBER' ELSE 'SET' END), false) AS acts,
    coalesce(pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION'), false) OR l.rolcreaterole AND server.version < 16 AS gives
FROM (SELECT current_setting('server_version_num')::integer / 10000) AS server (version)
    CROSS JOIN unnest(ARRAY['app', 'sync', 'lookup', 'erase']) WITH ORDINALITY AS parts (part, place)
    JOIN pg_roles AS l ON l.rolname = current_user
    LEFT JOIN pg_roles AS r ON r.rolname = 'notion_import_' || part
    LEFT JOIN pg_namespace AS n ON n.nspname = 'notion_import'
    LEFT JOIN pg_roles AS owner ON owner.oid = n.nspowner
ORDER BY place
