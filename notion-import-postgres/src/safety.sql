-- Everything by which a role that acts for tenants could pass row-level security by, and what mends it.

WITH acting AS (
    SELECT oid, rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles
    WHERE rolname IN ('notion_import_app', 'notion_import_sync')
), ours AS (
    SELECT oid, rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles
    WHERE rolname IN ('notion_import_app', 'notion_import_sync', 'notion_import_lookup')
), tables AS (
    SELECT c.oid, c.relname, c.relowner, c.relrowsecurity, c.relforcerowsecurity FROM pg_class AS c
    WHERE c.relnamespace = 'notion_import'::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'migrations'
), gate AS (
    SELECT * FROM tables
    WHERE relname IN ('ndas', 'nda_versions', 'default_ndas', 'standings', 'assignments', 'acceptances')
), policies AS (
    SELECT t.relname, p.polname, p.polpermissive, p.polroles,
        pg_get_expr(p.polqual, p.polrelid) AS reads, pg_get_expr(p.polwithcheck, p.polrelid) AS writes
    FROM pg_policy AS p JOIN tables AS t ON t.oid = p.polrelid
)
SELECT format('the role %I is a superuser', rolname) AS what, format('ALTER ROLE %I NOSUPERUSER', rolname) AS mend
FROM ours WHERE rolsuper
UNION ALL
SELECT format('the role %I bypasses row-level security', rolname), format('ALTER ROLE %I NOBYPASSRLS', rolname)
FROM ours WHERE rolbypassrls
UNION ALL
SELECT format('the role %I can log in', rolname), format('ALTER ROLE %I NOLOGIN', rolname)
FROM ours WHERE rolcanlogin
UNION ALL
SELECT format('the role %I may act as %I', a.rolname, r.rolname), format('REVOKE %I FROM %I', r.rolname, a.rolname)
FROM acting AS a JOIN pg_roles AS r ON r.oid <> a.oid AND pg_has_role(a.oid, r.oid, 'MEMBER')
WHERE NOT a.rolsuper AND (
    r.rolsuper OR r.rolbypassrls OR r.oid IN (SELECT oid FROM ours) OR r.oid IN (SELECT relowner FROM tables))
UNION ALL
SELECT format('the role %I owns the table %I', o.rolname, t.relname),
    format('ALTER TABLE notion_import.%I OWNER TO CURRENT_USER', t.relname)
FROM tables AS t JOIN ours AS o ON o.oid = t.relowner
UNION ALL
SELECT format('the table %I has no row-level security', relname),
    format('ALTER TABLE notion_import.%I ENABLE ROW LEVEL SECURITY', relname)
FROM tables WHERE NOT relrowsecurity
UNION ALL
SELECT format('the table %I does not hold its owner to row-level security', relname),
    format('ALTER TABLE notion_import.%I FORCE ROW LEVEL SECURITY', relname)
FROM tables WHERE NOT relforcerowsecurity
UNION ALL
SELECT format('the table %I has no policy that keeps to the tenant', t.relname),
    'restore the policy "tenant" from the migrations'
FROM tables AS t
WHERE NOT EXISTS (
    SELECT FROM policies AS p WHERE p.relname = t.relname AND p.polname = 'tenant'
        AND p.reads = p.writes AND p.reads LIKE '(tenant_id = %''notion_import.tenant_id''%')
UNION ALL
-- Permissive policies are added up: a second one can only let more through.
SELECT format('the table %I has the further policy %I', relname, polname),
    format('DROP POLICY %I ON notion_import.%I', polname, relname)
FROM policies
WHERE polpermissive AND polname <> 'tenant' AND polroles <> ARRAY[to_regrole('notion_import_lookup')::oid]
UNION ALL
SELECT format('the role %I may do %s on the table %I, which passes rows by', o.rolname, p.privilege, t.relname),
    format('REVOKE %s ON notion_import.%I FROM %I, PUBLIC', p.privilege, t.relname, o.rolname)
FROM ours AS o CROSS JOIN tables AS t CROSS JOIN (VALUES ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) AS p (privilege)
WHERE NOT o.rolsuper AND t.relowner <> o.oid AND has_table_privilege(o.oid, t.oid, p.privilege)
UNION ALL
SELECT format('a sync may do %s on the table %I, which says who may read', p.privilege, g.relname),
    format('REVOKE %s ON notion_import.%I FROM notion_import_sync, PUBLIC', p.privilege, g.relname)
FROM gate AS g CROSS JOIN acting AS a CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS p (privilege)
WHERE a.rolname = 'notion_import_sync' AND NOT a.rolsuper
    AND CASE p.privilege WHEN 'DELETE' THEN has_table_privilege(a.oid, g.oid, 'DELETE')
        ELSE has_any_column_privilege(a.oid, g.oid, p.privilege) END
UNION ALL
SELECT format('the function %I acts as %I', f.proname, r.rolname),
    format('ALTER FUNCTION notion_import.%I OWNER TO notion_import_lookup', f.proname)
FROM pg_proc AS f JOIN pg_roles AS r ON r.oid = f.proowner
WHERE f.pronamespace = 'notion_import'::regnamespace AND f.prosecdef AND r.rolname <> 'notion_import_lookup'
ORDER BY what
