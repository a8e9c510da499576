-- What the catalogue says of one schema, one row a fact: what it is about (unique), what it says, the statement that makes it so, and
-- the one that takes it away. `$1` is the schema. Whoever owns the schema is written :owner, so that the schemas of two owners can be
-- compared. What only costs time, such as a further index without an expression, is no fact.

WITH schema AS (
    SELECT oid, nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = $1::name
), roles AS (
    -- Zero is PUBLIC.
    SELECT r.oid, CASE r.oid WHEN s.nspowner THEN ':owner' ELSE quote_ident(r.rolname) END AS name
    FROM pg_roles AS r CROSS JOIN schema AS s
    UNION ALL SELECT 0, 'PUBLIC'
), relations AS (
    SELECT c.oid, c.relname, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.relforcerowsecurity, c.relpersistence,
        format('%I.%I', s.nspname, c.relname) AS name,
        CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'v' THEN 'view'
            WHEN 'm' THEN 'materialised view' WHEN 'f' THEN 'foreign table' WHEN 'S' THEN 'sequence' ELSE 'type' END AS kind,
        CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
            WHEN 'S' THEN 'SEQUENCE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END AS sql_kind
    FROM pg_class AS c JOIN schema AS s ON s.oid = c.relnamespace WHERE c.relkind NOT IN ('i', 'I', 't')
), functions AS (
    SELECT f.oid, f.proname, f.proowner, f.proacl, f.prokind,
        format('%I.%I(%s)', s.nspname, f.proname, pg_get_function_identity_arguments(f.oid)) AS name
    FROM pg_proc AS f JOIN schema AS s ON s.oid = f.pronamespace
), grants AS (
    SELECT 'schema ' || s.nspname AS what, 'SCHEMA ' || quote_ident(s.nspname) AS object, '' AS columns, s.nspowner AS owner,
        a.grantee, a.privilege_type, a.is_grantable
    FROM schema AS s CROSS JOIN aclexplode(coalesce(s.nspacl, acldefault('n', s.nspowner))) AS a
    UNION ALL
    SELECT r.kind || ' ' || r.relname, CASE r.relkind WHEN 'S' THEN 'SEQUENCE ' WHEN 'c' THEN 'TYPE ' ELSE '' END || r.name, '',
        r.relowner, a.grantee, a.privilege_type, a.is_grantable
    FROM relations AS r
        CROSS JOIN aclexplode(coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, r.relowner))) AS a
    UNION ALL
    SELECT format('column %s of the %s %s', c.attname, r.kind, r.relname), r.name, format(' (%I)', c.attname),
        r.relowner, a.grantee, a.privilege_type, a.is_grantable
    FROM relations AS r JOIN pg_attribute AS c ON c.attrelid = r.oid CROSS JOIN aclexplode(c.attacl) AS a
    UNION ALL
    SELECT 'function ' || f.proname, CASE f.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || f.name, '',
        f.proowner, a.grantee, a.privilege_type, a.is_grantable
    FROM functions AS f CROSS JOIN aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS a
)
SELECT format('the owner of the schema %s', s.nspname) AS what, ':owner' AS says,
    format('ALTER SCHEMA %I OWNER TO :owner', s.nspname) AS make, '' AS unmake
FROM schema AS s
UNION ALL
SELECT format('the %s %s', kind, relname), relpersistence::text || (
        SELECT coalesce(string_agg(concat_ws(' ', ',', c.attname, format_type(c.atttypid, c.atttypmod), NULLIF(c.attnotnull, false),
            NULLIF(c.attidentity, ''), NULLIF(c.attgenerated, ''), pg_get_expr(d.adbin, d.adrelid)), '' ORDER BY c.attnum), '')
        FROM pg_attribute AS c LEFT JOIN pg_attrdef AS d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
        WHERE c.attrelid = r.oid AND c.attnum > 0 AND NOT c.attisdropped),
    '', format('DROP %s %s', sql_kind, name)
FROM relations AS r
UNION ALL
SELECT format('the owner of the %s %s', kind, relname), o.name, format('ALTER %s %s OWNER TO %s', sql_kind, r.name, o.name), ''
FROM relations AS r JOIN roles AS o ON o.oid = r.relowner
UNION ALL
SELECT format('row-level security of the table %s', relname), relrowsecurity::text,
    format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name), ''
FROM relations WHERE relkind IN ('r', 'p')
UNION ALL
SELECT format('row-level security of the table %s for its owner', relname), relforcerowsecurity::text,
    format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name), ''
FROM relations WHERE relkind IN ('r', 'p')
UNION ALL
SELECT format('the policy %s of the table %s', p.polname, r.relname), said.policy,
    format('DROP POLICY IF EXISTS %I ON %s; CREATE POLICY %I ON %s %s', p.polname, r.name, p.polname, r.name, said.policy),
    format('DROP POLICY %I ON %s', p.polname, r.name)
FROM pg_policy AS p JOIN relations AS r ON r.oid = p.polrelid CROSS JOIN LATERAL (
    SELECT format('AS %s FOR %s TO %s%s%s', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
        CASE p.polcmd WHEN '*' THEN 'ALL' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' ELSE 'DELETE' END,
        (SELECT string_agg(name, ', ' ORDER BY name) FROM roles WHERE oid = ANY (p.polroles)),
        ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
        ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')') AS policy) AS said
UNION ALL
SELECT format('the trigger %s of the table %s', t.tgname, r.relname), pg_get_triggerdef(t.oid),
    format('DROP TRIGGER IF EXISTS %I ON %s; %s', t.tgname, r.name, pg_get_triggerdef(t.oid)),
    format('DROP TRIGGER %I ON %s', t.tgname, r.name)
FROM pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT format('when the trigger %s of the table %s acts', t.tgname, r.relname), t.tgenabled::text,
    format('ALTER TABLE %s ENABLE TRIGGER %I', r.name, t.tgname), ''
FROM pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
-- Foreign keys are held by triggers of the server's own.
SELECT format('when the constraint %s of the table %s is checked on %s', k.conname, k.conrelid::regclass, r.relname),
    string_agg(t.tgenabled::text, '' ORDER BY t.tgtype), format('ALTER TABLE %s ENABLE TRIGGER ALL', r.name), ''
FROM pg_trigger AS t JOIN relations AS r ON r.oid = t.tgrelid JOIN pg_constraint AS k ON k.oid = t.tgconstraint
WHERE t.tgisinternal GROUP BY k.conname, k.conrelid, r.relname, r.name
UNION ALL
SELECT format('the constraint %s of the table %s', k.conname, r.relname), pg_get_constraintdef(k.oid),
    format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I; ALTER TABLE %s ADD CONSTRAINT %I %s',
        r.name, k.conname, r.name, k.conname, pg_get_constraintdef(k.oid)),
    format('ALTER TABLE %s DROP CONSTRAINT %I', r.name, k.conname)
FROM pg_constraint AS k JOIN relations AS r ON r.oid = k.conrelid
UNION ALL
SELECT format('the index %s of the table %s', c.relname, r.relname), pg_get_indexdef(i.indexrelid), pg_get_indexdef(i.indexrelid),
    format('DROP INDEX %I.%I', s.nspname, c.relname)
FROM pg_index AS i JOIN relations AS r ON r.oid = i.indrelid JOIN pg_class AS c ON c.oid = i.indexrelid CROSS JOIN schema AS s
WHERE (i.indisunique OR i.indexprs IS NOT NULL) AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid)
UNION ALL
SELECT format('the rule %s of the %s %s', w.rulename, r.kind, r.relname), pg_get_ruledef(w.oid) || w.ev_enabled::text,
    pg_get_ruledef(w.oid), format('DROP RULE %I ON %s', w.rulename, r.name)
FROM pg_rewrite AS w JOIN relations AS r ON r.oid = w.ev_class WHERE r.relkind NOT IN ('v', 'm')
UNION ALL
SELECT format('the function %s(%s)', f.proname, pg_get_function_identity_arguments(f.oid)), said.definition, said.definition,
    format('DROP ROUTINE %s', f.name)
FROM functions AS f CROSS JOIN LATERAL (
    SELECT CASE f.prokind WHEN 'a' THEN 'an aggregate' ELSE pg_get_functiondef(f.oid) END AS definition) AS said
UNION ALL
SELECT format('the owner of the function %s(%s)', f.proname, pg_get_function_identity_arguments(f.oid)), o.name,
    format('ALTER ROUTINE %s OWNER TO %s', f.name, o.name), ''
FROM functions AS f JOIN roles AS o ON o.oid = f.proowner
UNION ALL
SELECT format('the type %s', t.typname), t.typtype::text, '', format('DROP TYPE %I.%I', s.nspname, t.typname)
FROM pg_type AS t JOIN schema AS s ON s.oid = t.typnamespace WHERE t.typrelid = 0 AND t.typcategory <> 'A'
UNION ALL
SELECT format('the operator %s', o.oid::regoperator), '', '', format('DROP OPERATOR %s', o.oid::regoperator)
FROM pg_operator AS o JOIN schema AS s ON s.oid = o.oprnamespace
UNION ALL
-- What an owner may do with its own is no grant.
SELECT format('the right %s on the %s for %s', g.privilege_type, g.what, coalesce(r.name, g.grantee::text)),
    CASE WHEN bool_or(g.is_grantable) THEN 'WITH GRANT OPTION' ELSE '' END,
    format('GRANT %s%s ON %s TO %s', g.privilege_type, g.columns, g.object, r.name),
    format('REVOKE %s%s ON %s FROM %s', g.privilege_type, g.columns, g.object, r.name)
FROM grants AS g LEFT JOIN roles AS r ON r.oid = g.grantee
WHERE g.grantee <> g.owner
GROUP BY g.privilege_type, g.what, g.columns, g.object, g.grantee, r.name
