//! What the database's own catalogue says of the schema.

use sqlx::{PgConnection, Row};

use crate::cluster::Database;

/// The only tables without tenants: they say which migrations were run and what these make.
const WITHOUT_TENANTS: &str = "'migrations', 'catalogue'";

pub(crate) async fn column(db: &mut PgConnection, sql: &str) -> Vec<String> {
    let sql = sql.replace("$WITHOUT", WITHOUT_TENANTS);
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).fetch_all(db).await;
    let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// Each query lists what breaks the claim.
async fn check(claims: &[(&str, &str)]) {
    let database = Database::empty().await;
    database.open(1).await;
    let mut db = database.superuser().await;
    for (claim, sql) in claims {
        assert_eq!(column(&mut db, sql).await, Vec::<String>::new(), "{claim}");
    }
}

#[tokio::test]
async fn every_table_keeps_to_the_tenant() {
    check(&[
        (
            "a table has tenant_id, never null",
            "SELECT relname::text FROM pg_class AS c WHERE relnamespace = 'notion_import'::regnamespace \
             AND relkind = 'r' AND relname NOT IN ($WITHOUT) AND NOT EXISTS (SELECT FROM pg_attribute \
             WHERE attrelid = c.oid AND attname = 'tenant_id' AND attnotnull AND atttypid = 'uuid'::regtype)",
        ),
        (
            "every unique key begins with tenant_id",
            "SELECT i.indexrelid::regclass::text FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid \
             WHERE c.relnamespace = 'notion_import'::regnamespace AND c.relname NOT IN ($WITHOUT) AND i.indisunique \
             AND (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = i.indkey[0]) <> 'tenant_id'",
        ),
        (
            "every table has a primary key",
            "SELECT relname::text FROM pg_class AS c WHERE relnamespace = 'notion_import'::regnamespace AND relkind = 'r' \
             AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary)",
        ),
        (
            "every foreign key begins with tenant_id on both sides",
            "SELECT k.conname::text FROM pg_constraint AS k WHERE k.contype = 'f' \
             AND k.connamespace = 'notion_import'::regnamespace AND NOT ( \
                 (SELECT attname FROM pg_attribute WHERE attrelid = k.conrelid AND attnum = k.conkey[1]) = 'tenant_id' AND \
                 (SELECT attname FROM pg_attribute WHERE attrelid = k.confrelid AND attnum = k.confkey[1]) = 'tenant_id')",
        ),
        (
            "row-level security is enabled and forced",
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'notion_import'::regnamespace AND relkind = 'r' \
             AND relname NOT IN ($WITHOUT) AND NOT (relrowsecurity AND relforcerowsecurity)",
        ),
        (
            "a policy for reading and writing looks at the row's own tenant and at nothing else",
            "SELECT relname::text FROM pg_class AS c WHERE relnamespace = 'notion_import'::regnamespace AND relkind = 'r' \
             AND relname NOT IN ($WITHOUT) AND NOT EXISTS (SELECT FROM pg_policies AS p WHERE p.schemaname = 'notion_import' \
             AND p.tablename = c.relname AND p.policyname = 'tenant' AND p.cmd = 'ALL' AND p.qual = p.with_check \
             AND p.qual = '(tenant_id = (NULLIF(current_setting(''notion_import.tenant_id''::text, true), ''''::text))::uuid)')",
        ),
    ])
    .await;
}

#[tokio::test]
async fn no_role_may_more_than_it_needs() {
    check(&[
        (
            "no role truncates, references or puts triggers on a table",
            "SELECT role || ' ' || relname FROM pg_class, unnest(ARRAY['notion_import_app', 'notion_import_sync', \
             'notion_import_lookup', 'notion_import_erase', 'public']) AS role WHERE relnamespace = 'notion_import'::regnamespace AND relkind = 'r' \
             AND has_table_privilege(role, oid, 'TRUNCATE, REFERENCES, TRIGGER')",
        ),
        (
            "nobody else has any right",
            "SELECT table_name || ' ' || grantee FROM information_schema.role_table_grants WHERE table_schema = 'notion_import' \
             AND grantee NOT IN ('notion_import_app', 'notion_import_sync', 'notion_import_lookup', 'notion_import_erase', \
             'notion_import_test_host')",
        ),
        (
            "a sync has no right on what says who may read, not even on a column",
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'notion_import'::regnamespace AND relkind = 'r' \
             AND relname IN ('standings', 'sites', 'assignments', 'acceptances', 'ndas', 'nda_versions', 'default_ndas', 'contacts', 'requests') \
             AND (has_any_column_privilege('notion_import_sync', oid, 'SELECT, INSERT, UPDATE, REFERENCES') \
                 OR has_table_privilege('notion_import_sync', oid, 'DELETE'))",
        ),
        (
            "no role changes or deletes versions and history",
            "SELECT role || ' ' || relname FROM pg_class, unnest(ARRAY['notion_import_app', 'notion_import_sync']) AS role \
             WHERE relnamespace = 'notion_import'::regnamespace AND relname IN ('versions', 'audit') \
             AND (has_any_column_privilege(role, oid, 'UPDATE') OR has_table_privilege(role, oid, 'DELETE'))",
        ),
        (
            "whoever erases a tenant reads nothing of what it deletes",
            "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'notion_import' \
             AND table_name NOT IN ('audit', 'audit_heads', 'log_starts', 'sites') \
             AND (table_name, column_name) NOT IN (('contacts', 'mail'), ('reads', 'at'), ('public_reads', 'minute')) \
             AND column_name <> 'tenant_id' \
             AND has_column_privilege('notion_import_erase', format('notion_import.%I', table_name), column_name, 'SELECT')",
        ),
        (
            "no role moves a row to another tenant, nor to another key",
            "SELECT role || ' ' || table_name FROM information_schema.columns, \
             unnest(ARRAY['notion_import_sync', 'notion_import_lookup', 'notion_import_erase']) AS role \
             WHERE table_schema = 'notion_import' AND column_name IN ('tenant_id', 'id', 'reference') AND table_name <> 'syncs' \
             AND has_column_privilege(role, format('notion_import.%I', table_name), column_name, 'UPDATE')",
        ),
        (
            "nobody is let into the schema without a grant",
            "SELECT 'public' WHERE has_schema_privilege('public', 'notion_import', 'USAGE, CREATE')",
        ),
        (
            "no role makes anything in the schema",
            "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'notion_import_%' AND rolname <> 'notion_import_test_host' \
             AND has_schema_privilege(oid, 'notion_import', 'CREATE')",
        ),
        (
            "whoever made the schema keeps no way to look across tenants",
            "SELECT 'member' WHERE pg_has_role('notion_import_test_host', 'notion_import_lookup', 'USAGE')",
        ),
    ])
    .await;
}

#[tokio::test]
async fn nothing_looks_across_tenants_but_the_look_ups() {
    check(&[
        (
            "there are no views, nor anything else but tables and their indexes",
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'notion_import'::regnamespace AND relkind NOT IN ('r', 'i')",
        ),
        (
            "no function is called leakproof",
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'notion_import'::regnamespace AND proleakproof",
        ),
        (
            "every function has a search path of its own, and none is everybody's",
            "SELECT proname::text FROM pg_proc WHERE pronamespace = 'notion_import'::regnamespace \
             AND (proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp'] \
                 OR has_function_privilege('public', oid, 'EXECUTE'))",
        ),
        (
            "no policy but the tenant's lets a role other than the look-up through",
            "SELECT tablename || ' ' || policyname FROM pg_policies WHERE schemaname = 'notion_import' \
             AND policyname <> 'tenant' AND roles <> ARRAY['notion_import_lookup'::name]",
        ),
    ])
    .await;

    let database = Database::empty().await;
    database.open(1).await;
    let mut db = database.superuser().await;
    let definers = "SELECT proname || ' as ' || proowner::regrole FROM pg_proc \
                    WHERE pronamespace = 'notion_import'::regnamespace AND prosecdef ORDER BY proname";
    let expected = ["another_has", "by_reference", "due", "expired", "fenced", "queue_due"]
        .map(|name| format!("{name} as notion_import_lookup"));
    assert_eq!(column(&mut db, definers).await, expected);

    let seen = "SELECT format('%s.%s %s', table_name, column_name, privilege_type) FROM information_schema.role_column_grants \
                WHERE grantee = 'notion_import_lookup' AND table_schema = 'notion_import' ORDER BY 1";
    assert_eq!(
        column(&mut db, seen).await,
        [
            "attempts.id SELECT",
            "attempts.look_at SELECT",
            "attempts.tenant_id SELECT",
            "connections.bot_id SELECT",
            "connections.connected_at SELECT",
            "connections.id SELECT",
            "connections.leased_from SELECT",
            "connections.leased_until SELECT",
            "connections.next_run SELECT",
            "connections.queued_from SELECT",
            "connections.queued_from UPDATE",
            "connections.queued_until SELECT",
            "connections.queued_until UPDATE",
            "connections.reference SELECT",
            "connections.state SELECT",
            "connections.tenant_id SELECT",
            "connections.workspace_id SELECT",
        ]
    );
}

#[tokio::test]
async fn nothing_of_the_host_is_touched() {
    let database = Database::empty().await;
    let mut db = database.superuser().await;
    let outside = "SELECT format('%s.%s', relnamespace::regnamespace, relname) FROM pg_class \
                   WHERE relnamespace NOT IN ('notion_import'::regnamespace, 'pg_toast'::regnamespace)";
    crate::cluster::run(&mut db, "CREATE SCHEMA notion_import AUTHORIZATION notion_import_test_host").await;
    let before = column(&mut db, outside).await;
    database.open(1).await;
    assert_eq!(column(&mut db, outside).await, before);
}

#[test]
fn statements_name_no_schema_so_that_any_prefix_will_do() {
    let tables = concat!(env!("CARGO_MANIFEST_DIR"), "/src/table");
    for file in std::fs::read_dir(tables).unwrap() {
        let path = file.unwrap().path();
        let code = std::fs::read_to_string(&path).unwrap().replace("notion_import_core", "");
        assert!(!code.contains("notion_import"), "{}", path.display());
    }
}
