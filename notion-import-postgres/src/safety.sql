-- Everything outside the schema by which a role that acts for tenants could pass row-level security by, and what mends it.

WITH RECURSIVE ours AS (
    SELECT r.oid, r.rolname, r.rolsuper, quote_ident(r.rolname) AS name, a.attribute, a.held
    FROM pg_roles AS r CROSS JOIN LATERAL (VALUES ('SUPERUSER', r.rolsuper), ('BYPASSRLS', r.rolbypassrls), ('LOGIN', r.rolcanlogin),
        ('CREATEROLE', r.rolcreaterole), ('CREATEDB', r.rolcreatedb), ('REPLICATION', r.rolreplication)) AS a (attribute, held)
    WHERE r.rolname IN ('notion_import_app', 'notion_import_sync', 'notion_import_lookup', 'notion_import_erase')
), roles AS (
    SELECT DISTINCT oid, rolname, rolsuper, name FROM ours
), schema AS (
    SELECT oid, nspowner FROM pg_namespace WHERE nspname = 'notion_import'
), members AS (
    -- Since PostgreSQL 16 whoever makes a role is a member that may neither use it nor act as it.
    SELECT m.roleid, m.member FROM pg_auth_members AS m
    WHERE coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) OR coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
), readers AS (
    SELECT c.oid FROM pg_class AS c JOIN schema AS s ON s.oid = c.relnamespace
    UNION
    SELECT w.ev_class FROM readers AS r
        JOIN pg_depend AS d ON d.refobjid = r.oid AND d.refclassid = 'pg_class'::regclass AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_rewrite AS w ON w.oid = d.objid
), views AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name,
        CASE c.relkind WHEN 'm' THEN 'materialised view' ELSE 'view' END AS kind
    FROM readers AS r JOIN pg_class AS c ON c.oid = r.oid JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND n.nspname <> 'notion_import'
        -- Such a view reads with the rights of whoever reads it.
        AND NOT coalesce(c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'], false)
), definers AS (
    SELECT f.oid, f.oid::regprocedure AS name, o.rolname AS owner
    FROM pg_proc AS f JOIN pg_roles AS o ON o.oid = f.proowner CROSS JOIN schema AS s
    WHERE f.prosecdef AND f.pronamespace NOT IN (s.oid, 'pg_catalog'::regnamespace)
        -- What a body says is only known to PostgreSQL if it was written as SQL and not as text.
        AND (f.prosrc ~ '[[:<:]]notion_import[[:>:]]' OR f.proconfig::text ~ '[[:<:]]notion_import[[:>:]]'
            OR EXISTS (SELECT FROM pg_depend AS d JOIN readers AS r ON r.oid = d.refobjid AND d.refclassid = 'pg_class'::regclass
                WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid))
        AND (o.rolsuper OR o.rolbypassrls OR pg_has_role(o.oid, s.nspowner, 'MEMBER')
            OR EXISTS (SELECT FROM roles AS r WHERE pg_has_role(o.oid, r.oid, 'MEMBER')))
), queue AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = 'notion_import_worker' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
)
SELECT format('the role %s has the attribute %s', name, attribute) AS what, format('ALTER ROLE %s NO%s', name, attribute) AS mend
FROM ours WHERE held
UNION ALL
SELECT format('the role %s may act as %I', r.name, o.rolname), format('REVOKE %I FROM %s', o.rolname, r.name)
FROM members AS m JOIN roles AS r ON r.oid = m.member JOIN pg_roles AS o ON o.oid = m.roleid
UNION ALL
SELECT format('the role %I may act as %s, which looks across tenants', o.rolname, r.name), format('REVOKE %s FROM %I', r.name, o.rolname)
FROM members AS m JOIN roles AS r ON r.oid = m.roleid JOIN pg_roles AS o ON o.oid = m.member CROSS JOIN schema AS s
WHERE r.rolname = 'notion_import_lookup' AND m.member <> s.nspowner AND m.member NOT IN (SELECT oid FROM roles)
UNION ALL
SELECT format('the role %s owns the schema notion_import', r.name), 'ALTER SCHEMA notion_import OWNER TO CURRENT_USER'
FROM schema AS s JOIN roles AS r ON r.oid = s.nspowner
UNION ALL
SELECT format('the role %s gets rights on whatever %I makes', r.name, o.rolname),
    format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE ALL ON %s FROM %s', o.rolname, ' IN SCHEMA ' || quote_ident(n.nspname),
        CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'
            ELSE 'SCHEMAS' END, r.name)
FROM pg_default_acl AS d JOIN schema AS s ON s.nspowner = d.defaclrole JOIN pg_roles AS o ON o.oid = d.defaclrole
    CROSS JOIN aclexplode(d.defaclacl) AS a JOIN roles AS r ON r.oid = a.grantee LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace
WHERE d.defaclnamespace IN (0, s.oid)
UNION ALL
SELECT format('the role %s may use the %s %s, which reads every tenant''s rows', r.name, v.kind, v.name),
    format('REVOKE ALL ON %s FROM %s, PUBLIC', v.name, r.name)
FROM views AS v CROSS JOIN roles AS r
WHERE NOT r.rolsuper AND has_any_column_privilege(r.oid, v.oid, 'SELECT, INSERT, UPDATE')
UNION ALL
SELECT format('the role %s may call the function %s, which acts as %I', r.name, f.name, f.owner),
    format('REVOKE ALL ON FUNCTION %s FROM %s, PUBLIC', f.name, r.name)
FROM definers AS f CROSS JOIN roles AS r WHERE NOT r.rolsuper AND has_function_privilege(r.oid, f.oid, 'EXECUTE')
UNION ALL
SELECT format('the role %s may use the schema of the queue', r.name),
    format('REVOKE ALL ON SCHEMA notion_import_worker FROM %s, PUBLIC', r.name)
FROM pg_namespace AS n CROSS JOIN roles AS r
WHERE n.nspname = 'notion_import_worker' AND NOT r.rolsuper AND has_schema_privilege(r.oid, n.oid, 'USAGE, CREATE')
UNION ALL
SELECT format('the role %s may use the queue''s table %s', r.name, q.name), format('REVOKE ALL ON %s FROM %s, PUBLIC', q.name, r.name)
FROM queue AS q CROSS JOIN roles AS r
WHERE NOT r.rolsuper AND (has_any_column_privilege(r.oid, q.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
    OR has_table_privilege(r.oid, q.oid, 'DELETE, TRUNCATE, TRIGGER'))
ORDER BY what
