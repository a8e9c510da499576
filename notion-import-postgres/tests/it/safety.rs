//! A database in which tenants would not be kept apart is refused, with what mends it.

use notion_import_postgres::{OpenError, Postgres};

use crate::cluster::{Database, HOST, run};

async fn refused(database: &Database, login: &str) -> Vec<(String, String)> {
    match Postgres::new(database.pool(login, 1).await).await {
        Err(OpenError::Unsafe(hazards)) => {
            hazards.into_iter().map(|hazard| (hazard.what, hazard.mend)).collect()
        }
        Err(error) => panic!("{error:?}"),
        Ok(_) => Vec::new(),
    }
}

/// A drift of a new database is refused for what it is; what mends it, does.
async fn check(drift: &str, expected: &str) {
    check_in(&Database::empty().await, drift, expected).await;
}

async fn check_in(database: &Database, drift: &str, expected: &str) {
    database.open(1).await;
    let mut superuser = database.superuser().await;
    run(&mut superuser, drift).await;
    let hazards = refused(database, HOST).await;
    assert!(hazards.iter().any(|(what, _)| what == expected), "{drift}: {hazards:#?}");
    for (_, mend) in &hazards {
        run(&mut superuser, mend).await;
    }
    assert_eq!(refused(database, HOST).await, [], "{drift}");
}

#[tokio::test]
async fn what_the_migrations_made_is_no_drift() {
    let database = Database::empty().await;
    for _ in 0..3 {
        assert_eq!(refused(&database, HOST).await, []);
    }
    #[cfg(feature = "worker")]
    {
        let scheduler = crate::worker::idle(&database.open(2).await);
        let postgres = database.open(4).await;
        notion_import_postgres::Worker::open(&postgres, scheduler).await.unwrap();
        assert_eq!(refused(&database, HOST).await, []);
    }
}

#[tokio::test]
async fn the_superusers_view_granted_to_a_role_is_refused() {
    let drift = "CREATE VIEW public.everything AS SELECT * FROM notion_import.documents; \
                 GRANT SELECT ON public.everything TO notion_import_app";
    let expected =
        "the role notion_import_app may use the view public.everything, which reads every tenant's rows";
    check(drift, expected).await;
}

#[tokio::test]
async fn a_view_of_a_view_granted_to_everybody_by_a_column_is_refused() {
    let drift = "CREATE VIEW public.everything AS SELECT * FROM notion_import.documents; \
                 CREATE VIEW public.titles AS SELECT title FROM public.everything; \
                 GRANT SELECT (title) ON public.titles TO PUBLIC";
    let expected =
        "the role notion_import_sync may use the view public.titles, which reads every tenant's rows";
    check(drift, expected).await;
}

#[tokio::test]
async fn a_materialised_view_granted_to_a_role_is_refused() {
    let drift = "CREATE MATERIALIZED VIEW public.everything AS SELECT * FROM notion_import.documents; \
                 GRANT SELECT ON public.everything TO notion_import_sync";
    let expected = "the role notion_import_sync may use the materialised view public.everything, which reads every \
                    tenant's rows";
    check(drift, expected).await;
}

#[tokio::test]
async fn a_view_in_the_schema_is_refused() {
    let drift = "CREATE VIEW notion_import.everything AS SELECT * FROM notion_import.documents";
    check(drift, "the view everything is none that the migrations make").await;
}

#[tokio::test]
async fn a_view_that_reads_with_the_readers_rights_is_no_drift() {
    let database = Database::empty().await;
    database.open(1).await;
    let view = "CREATE VIEW public.bound WITH (security_invoker = true) AS SELECT * FROM notion_import.documents; \
                GRANT SELECT ON public.bound TO notion_import_app";
    run(&mut database.superuser().await, view).await;
    assert_eq!(refused(&database, HOST).await, []);
}

#[tokio::test]
async fn a_policy_that_lets_more_through_is_refused() {
    for expression in [
        "tenant_id = coalesce(nullif(current_setting('notion_import.tenant_id', true), '')::uuid, tenant_id)",
        "tenant_id = nullif(current_setting('notion_import.tenant_id', true), '')::uuid OR true",
        "true",
    ] {
        let drift = format!("ALTER POLICY tenant ON notion_import.documents USING ({expression})");
        check(&drift, "the policy tenant of the table documents was changed").await;
    }
}

#[tokio::test]
async fn a_policy_that_is_gone_is_refused() {
    let drift = "DROP POLICY tenant ON notion_import.documents";
    check(drift, "the policy tenant of the table documents is missing").await;
}

#[tokio::test]
async fn a_further_permissive_policy_is_refused() {
    let drift = "CREATE POLICY support ON notion_import.documents USING (true)";
    check(drift, "the policy support of the table documents is none that the migrations make").await;
}

#[tokio::test]
async fn a_definers_function_outside_the_schema_is_refused() {
    let expected = "the role notion_import_app may call the function public.everything(), which acts as";
    for body in [
        "AS 'SELECT count(*) FROM notion_import.documents'",
        "RETURN (SELECT count(*) FROM notion_import.documents)",
    ] {
        let database = Database::empty().await;
        let drift = format!(
            "CREATE FUNCTION public.everything() RETURNS bigint LANGUAGE sql SECURITY DEFINER {body}"
        );
        check_in(&database, &drift, &format!("{expected} {}", database.superuser_name())).await;
    }
}

#[tokio::test]
async fn a_dropped_audit_trigger_is_refused() {
    let drift = "DROP TRIGGER audit_is_only_added_to ON notion_import.audit";
    check(drift, "the trigger audit_is_only_added_to of the table audit is missing").await;
}

#[tokio::test]
async fn a_disabled_trigger_is_refused() {
    let drift = "ALTER TABLE notion_import.audit DISABLE TRIGGER audit_is_only_added_to";
    check(drift, "when the trigger audit_is_only_added_to of the table audit acts was changed").await;
}

#[tokio::test]
async fn a_foreign_key_that_is_not_checked_is_refused() {
    let drift = "ALTER TABLE notion_import.versions DISABLE TRIGGER ALL";
    let expected = "when the constraint versions_tenant_id_document_id_fkey of the table notion_import.versions is \
                    checked on versions was changed";
    check(drift, expected).await;
}

#[tokio::test]
async fn a_trigger_of_somebody_elses_is_refused() {
    let drift = "CREATE FUNCTION public.copy() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; \
                 CREATE TRIGGER copy AFTER INSERT ON notion_import.documents FOR EACH ROW EXECUTE FUNCTION public.copy()";
    check(drift, "the trigger copy of the table documents is none that the migrations make").await;
}

#[tokio::test]
async fn a_rule_is_refused() {
    let drift = "CREATE RULE gone AS ON DELETE TO notion_import.connections DO INSTEAD NOTHING";
    check(drift, "the rule gone of the table connections is none that the migrations make").await;
}

#[tokio::test]
async fn the_right_to_rewrite_the_audit_is_refused() {
    for right in ["UPDATE", "DELETE"] {
        let drift = format!("GRANT {right} ON notion_import.audit TO notion_import_app");
        let expected = format!(
            "the right {right} on the table audit for notion_import_app is none that the migrations make"
        );
        check(&drift, &expected).await;
    }
}

#[tokio::test]
async fn a_right_on_a_column_is_refused() {
    let drift = "GRANT SELECT (secret_hash) ON notion_import.attempts TO notion_import_sync";
    let expected = "the right SELECT on the column secret_hash of the table attempts for notion_import_sync is none \
                    that the migrations make";
    check(drift, expected).await;
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn a_sync_that_may_open_documents_is_refused() {
    let drift = "GRANT UPDATE (level) ON notion_import.standings TO notion_import_sync";
    let expected = "the right UPDATE on the column level of the table standings for notion_import_sync is none that the \
                    migrations make";
    check(drift, expected).await;
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn a_level_that_begins_open_is_refused() {
    let database = Database::empty().await;
    database.open(1).await;
    let drift = "ALTER TABLE notion_import.standings ALTER level SET DEFAULT 'public'";
    run(&mut database.superuser().await, drift).await;
    let hazards = refused(&database, HOST).await;
    assert!(hazards.iter().any(|(what, _)| what == "the table standings was changed"), "{hazards:?}");
}

#[tokio::test]
async fn rights_for_everybody_or_somebody_else_are_refused() {
    let drift = "GRANT TRUNCATE ON notion_import.syncs TO PUBLIC";
    check(drift, "the right TRUNCATE on the table syncs for PUBLIC is none that the migrations make").await;
    let drift = "GRANT USAGE ON SCHEMA notion_import TO pg_monitor";
    let expected =
        "the right USAGE on the schema notion_import for pg_monitor is none that the migrations make";
    check(drift, expected).await;
    let drift = "GRANT EXECUTE ON FUNCTION notion_import.expired TO PUBLIC";
    check(drift, "the right EXECUTE on the function expired for PUBLIC is none that the migrations make")
        .await;
}

#[tokio::test]
async fn a_right_that_is_missing_is_refused() {
    let drift = "REVOKE SELECT ON notion_import.versions FROM notion_import_app";
    check(drift, "the right SELECT on the table versions for notion_import_app is missing").await;
}

#[tokio::test]
async fn rights_that_tables_begin_with_are_refused() {
    let database = Database::empty().await;
    database.open(1).await.close().await;
    let drift = format!(
        "ALTER DEFAULT PRIVILEGES FOR ROLE {HOST} GRANT ALL ON TABLES TO notion_import_sync, pg_monitor"
    );
    let expected = format!("the role notion_import_sync gets rights on whatever {HOST} makes");
    check_in(&database, &drift, &expected).await;
    let database = database.beside().await;
    run(&mut database.superuser().await, drift).await;
    let hazards = refused(&database, HOST).await;
    for expected in [
        expected.as_str(),
        "the right SELECT on the table documents for pg_monitor is none that the migrations make",
    ] {
        assert!(hazards.iter().any(|(what, _)| what == expected), "{hazards:#?}");
    }
}

#[tokio::test]
async fn a_changed_function_body_is_refused() {
    let drift = "CREATE OR REPLACE FUNCTION notion_import.refuse() RETURNS trigger LANGUAGE plpgsql \
                 SET search_path = pg_catalog, pg_temp AS $$ BEGIN RETURN NEW; END $$";
    check(drift, "the function refuse() was changed").await;
}

#[tokio::test]
async fn a_function_with_another_search_path_is_refused() {
    let drift = "ALTER FUNCTION notion_import.due SET search_path = public";
    check(drift, "the function due(at timestamp with time zone, at_most bigint) was changed").await;
}

#[tokio::test]
async fn another_owner_is_refused() {
    let owner = "the owner of the";
    for (of, expected) in [
        ("TABLE notion_import.versions OWNER TO notion_import_sync", "table versions"),
        ("TABLE notion_import.audit OWNER TO CURRENT_USER", "table audit"),
        (
            "FUNCTION notion_import.another_has OWNER TO CURRENT_USER",
            "function another_has(tenant uuid, of_workspace text, of_bot uuid)",
        ),
    ] {
        check(&format!("ALTER {of}"), &format!("{owner} {expected} was changed")).await;
    }
}

#[tokio::test]
async fn a_schema_that_a_role_owns_is_refused() {
    let database = Database::empty().await;
    database.open(1).await;
    run(&mut database.superuser().await, "ALTER SCHEMA notion_import OWNER TO notion_import_app").await;
    let hazards = refused(&database, HOST).await;
    let expected = "the role notion_import_app owns the schema notion_import";
    assert!(hazards.iter().any(|(what, _)| what == expected), "{hazards:?}");
}

#[tokio::test]
async fn a_table_without_row_level_security_is_refused() {
    for (drift, expected) in [
        ("DISABLE", "row-level security of the table documents was changed"),
        ("NO FORCE", "row-level security of the table documents for its owner was changed"),
    ] {
        check(&format!("ALTER TABLE notion_import.documents {drift} ROW LEVEL SECURITY"), expected).await;
    }
}

#[tokio::test]
async fn the_queue_granted_to_a_role_is_refused() {
    let queue = "CREATE SCHEMA notion_import_worker; CREATE TABLE notion_import_worker.jobs (payload json)";
    for (grant, expected) in [
        ("USAGE ON SCHEMA notion_import_worker TO notion_import_app", "the schema of the queue"),
        (
            "SELECT ON notion_import_worker.jobs TO notion_import_app",
            "the queue's table notion_import_worker.jobs",
        ),
        (
            "INSERT (payload) ON notion_import_worker.jobs TO PUBLIC",
            "the queue's table notion_import_worker.jobs",
        ),
    ] {
        let expected = format!("the role notion_import_app may use {expected}");
        check(&format!("{queue}; GRANT {grant}"), &expected).await;
    }
}

#[tokio::test]
async fn a_reference_of_another_release_of_the_server_is_made_anew_by_the_owner() {
    let database = Database::empty().await;
    database.open(1).await;
    let mut superuser = database.superuser().await;
    run(&mut superuser, r#"UPDATE notion_import.catalogue SET server = 9, facts = '{}'"#).await;
    assert_eq!(refused(&database, HOST).await, []);
    let server: bool = sqlx::query_scalar("SELECT server > 9 FROM notion_import.catalogue")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert!(server);
}

#[tokio::test]
async fn roles_that_became_too_strong_are_refused() {
    let database = Database::alone().await;
    let superuser = database.superuser_name();
    let grant = format!("GRANT {superuser} TO notion_import_sync");
    let acts = format!("the role notion_import_sync may act as {superuser}");
    let drifts = [
        ("ALTER ROLE notion_import_app SUPERUSER", "the role notion_import_app has the attribute SUPERUSER"),
        (
            "ALTER ROLE notion_import_sync BYPASSRLS",
            "the role notion_import_sync has the attribute BYPASSRLS",
        ),
        ("ALTER ROLE notion_import_lookup LOGIN", "the role notion_import_lookup has the attribute LOGIN"),
        (
            "ALTER ROLE notion_import_app CREATEROLE",
            "the role notion_import_app has the attribute CREATEROLE",
        ),
        (
            "GRANT notion_import_lookup TO notion_import_app",
            "the role notion_import_app may act as notion_import_lookup",
        ),
        (
            "GRANT notion_import_lookup TO notion_import_test_other",
            "the role notion_import_test_other may act as notion_import_lookup, which looks across tenants",
        ),
        (
            "GRANT notion_import_app TO notion_import_sync",
            "the role notion_import_sync may act as notion_import_app",
        ),
        (
            "GRANT notion_import_test_host TO notion_import_app",
            "the role notion_import_app may act as notion_import_test_host",
        ),
        (grant.as_str(), acts.as_str()),
    ];
    // What is granted to a role while the host is a member of it cannot be granted in a circle.
    let mut superuser = database.superuser().await;
    database.open(1).await;
    run(
        &mut superuser,
        format!(
            "REVOKE notion_import_app FROM {HOST} CASCADE; CREATE ROLE notion_import_test_other LOGIN PASSWORD 'test'"
        ),
    )
    .await;
    run(
        &mut superuser,
        "GRANT notion_import_app, notion_import_sync, notion_import_erase TO notion_import_test_other",
    )
    .await;
    for (drift, expected) in drifts {
        run(&mut superuser, drift).await;
        let hazards = refused(&database, "notion_import_test_other").await;
        assert!(hazards.iter().any(|(what, _)| what == expected), "{drift}: {hazards:?}");
        for (_, mend) in &hazards {
            run(&mut superuser, mend).await;
        }
        assert_eq!(refused(&database, "notion_import_test_other").await, [], "{drift}");
    }
    run(&mut superuser, format!("DROP ROLE notion_import_test_other; GRANT notion_import_app TO {HOST}"))
        .await;
}
