//! A database in which tenants would not be kept apart is refused, with what mends it.

use notion_import_core::connection::ConnectionStore;
use notion_import_core::id::TenantId;
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

/// Each drift is refused for what it is; what mends it, does.
async fn check(database: &Database, drifts: &[(&str, &str)]) {
    database.open(1).await;
    let mut superuser = database.superuser().await;
    for (drift, expected) in drifts {
        run(&mut superuser, *drift).await;
        let hazards = refused(database, HOST).await;
        assert!(hazards.iter().any(|(what, _)| what == expected), "{drift}: {hazards:?}");
        for (_, mend) in &hazards {
            run(&mut superuser, mend).await;
        }
        assert_eq!(refused(database, HOST).await, [], "{drift}");
    }
}

#[tokio::test]
async fn tables_that_lost_their_protection_are_refused() {
    let database = Database::empty().await;
    let acts = format!("the function due acts as {}", database.superuser_name());
    let drifts = [
        (
            "ALTER TABLE notion_import.documents DISABLE ROW LEVEL SECURITY",
            "the table documents has no row-level security",
        ),
        (
            "ALTER TABLE notion_import.documents NO FORCE ROW LEVEL SECURITY",
            "the table documents does not hold its owner to row-level security",
        ),
        (
            "CREATE POLICY support ON notion_import.documents USING (true)",
            "the table documents has the further policy support",
        ),
        (
            "GRANT TRUNCATE ON notion_import.syncs TO PUBLIC",
            "the role notion_import_sync may do TRUNCATE on the table syncs, which passes rows by",
        ),
        (
            "ALTER TABLE notion_import.versions OWNER TO notion_import_sync",
            "the role notion_import_sync owns the table versions",
        ),
        ("ALTER FUNCTION notion_import.due OWNER TO CURRENT_USER", acts.as_str()),
    ];
    check(&database, &drifts).await;
}

#[cfg(feature = "gate")]
#[tokio::test]
async fn a_sync_that_may_open_documents_is_refused() {
    let database = Database::empty().await;
    let drifts = [
        (
            "GRANT UPDATE (level) ON notion_import.standings TO notion_import_sync",
            "a sync may do UPDATE on the table standings, which says who may read",
        ),
        (
            "GRANT SELECT ON ALL TABLES IN SCHEMA notion_import TO PUBLIC",
            "a sync may do SELECT on the table assignments, which says who may read",
        ),
    ];
    check(&database, &drifts).await;
}

#[tokio::test]
async fn a_policy_that_is_not_the_tenants_is_refused() {
    let database = Database::empty().await;
    database.open(1).await;
    let mut superuser = database.superuser().await;
    let expected = "the table documents has no policy that keeps to the tenant".to_owned();
    for policy in [
        "ALTER POLICY tenant ON notion_import.documents USING (true)",
        "ALTER POLICY tenant ON notion_import.documents WITH CHECK (true)",
        "DROP POLICY tenant ON notion_import.documents",
    ] {
        run(&mut superuser, policy).await;
        let hazards = refused(&database, HOST).await;
        assert!(hazards.iter().any(|(what, _)| *what == expected), "{policy}: {hazards:?}");
    }
}

#[tokio::test]
async fn roles_that_became_too_strong_are_refused() {
    let database = Database::alone().await;
    let superuser = database.superuser_name();
    let grant = format!("GRANT {superuser} TO notion_import_sync");
    let acts = format!("the role notion_import_sync may act as {superuser}");
    let drifts = [
        ("ALTER ROLE notion_import_app SUPERUSER", "the role notion_import_app is a superuser"),
        (
            "ALTER ROLE notion_import_sync BYPASSRLS",
            "the role notion_import_sync bypasses row-level security",
        ),
        ("ALTER ROLE notion_import_lookup LOGIN", "the role notion_import_lookup can log in"),
        (
            "GRANT notion_import_lookup TO notion_import_app",
            "the role notion_import_app may act as notion_import_lookup",
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
            "REVOKE notion_import_app FROM {HOST}; CREATE ROLE notion_import_test_other LOGIN PASSWORD 'test'"
        ),
    )
    .await;
    run(&mut superuser, "GRANT notion_import_app, notion_import_sync TO notion_import_test_other").await;
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

#[tokio::test]
async fn a_login_without_the_roles_is_refused() {
    let database = Database::alone().await;
    database.open(1).await;
    let mut superuser = database.superuser().await;
    run(&mut superuser, "CREATE ROLE notion_import_test_other LOGIN PASSWORD 'test'").await;
    let opened = Postgres::new(database.pool("notion_import_test_other", 1).await).await;
    run(&mut superuser, "GRANT notion_import_app, notion_import_sync TO notion_import_test_other").await;
    let granted = Postgres::new(database.pool("notion_import_test_other", 1).await).await;
    assert!(matches!(opened, Err(OpenError::Rights(_))), "{opened:?}");
    let granted = granted.unwrap();
    assert_eq!(granted.list(TenantId::fresh()).await.unwrap(), []);
    granted.close().await;
    run(&mut superuser, "DROP ROLE notion_import_test_other").await;
}

#[tokio::test]
async fn a_superuser_may_open_it_and_is_bound_all_the_same() {
    let database = Database::empty().await;
    let host = database.open(1).await;
    let superuser = Postgres::new(database.superuser_pool(1).await).await.unwrap();
    crate::isolation::furnish(&host).await;
    assert_eq!(superuser.list(TenantId::fresh()).await.unwrap(), []);
}

#[tokio::test]
async fn an_address_that_is_none_is_not_repeated() {
    let opened = Postgres::connect("postgres://host:hunter2@[bad/trust").await;
    let error = opened.unwrap_err();
    assert!(matches!(error, OpenError::Address));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[tokio::test]
async fn why_a_database_does_not_open_is_told_apart() {
    let database = Database::empty().await;
    let mut superuser = database.superuser().await;
    run(&mut superuser, "CREATE ROLE notion_import_test_weak LOGIN PASSWORD 'test'").await;
    let (url, weak) = (database.url(HOST), database.url("notion_import_test_weak"));
    let name = url.rsplit(['/', '?']).find(|part| part.starts_with("notion_import_test_")).unwrap();
    let said = async |url: &str| {
        let error = Postgres::connect(url).await.unwrap_err();
        let said = format!("{error:?}");
        assert!(!format!("{said} {error}").contains("hunter2"));
        said.split('(').next().unwrap().to_owned()
    };
    assert_eq!(said("postgres://host:hunter2@127.0.0.1:1/trust").await, "Unreachable");
    assert_eq!(said("postgres://host:hunter2@%2Fnowhere/trust").await, "Unreachable");
    assert_eq!(said(&url.replace(":test@", ":hunter2@")).await, "Login");
    assert_eq!(said(&url.replace(name, "notion_import_test_gone")).await, "NoDatabase");
    assert_eq!(said(&weak).await, "Rights");
    run(&mut superuser, "DROP ROLE notion_import_test_weak").await;
}

#[tokio::test]
async fn whether_the_login_itself_is_bound_is_told() {
    let database = Database::empty().await;
    assert!(!database.open(1).await.login_bypasses().await.unwrap());
    let superuser = Postgres::new(database.superuser_pool(1).await).await.unwrap();
    assert!(superuser.login_bypasses().await.unwrap());
}
