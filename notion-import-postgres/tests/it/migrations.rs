//! Databases come to have their tables and roles, however many get them at once.

use futures_util::future::join_all;
use notion_import_core::{ConnectionStore, TenantId};
use notion_import_postgres::{OpenError, Postgres};

use crate::cluster::{Database, HOST, run};

async fn check(opened: Vec<Result<Postgres, OpenError>>) {
    for opened in opened {
        let postgres = opened.unwrap();
        assert_eq!(postgres.list(TenantId::fresh()).await.unwrap(), []);
        postgres.close().await;
    }
}

#[tokio::test]
async fn many_that_open_a_new_database_at_once_take_turns() {
    let database = Database::empty().await;
    let pools = join_all((0..6).map(|_| database.pool(HOST, 2))).await;
    check(join_all(pools.into_iter().map(Postgres::new)).await).await;
}

/// Roles are the whole cluster's, and so is who is a member of them.
#[tokio::test(flavor = "multi_thread")]
async fn many_new_databases_of_one_cluster_are_opened_at_once() {
    let first = Database::alone().await;
    let mut superuser = first.superuser().await;
    // There may be none, and another database of a cluster that is not ours may need them.
    let if_possible = |sql: &str| {
        format!(
            "DO $$ BEGIN {sql}; EXCEPTION WHEN undefined_object OR dependent_objects_still_exist THEN NULL; END $$"
        )
    };
    let no_members = if_possible(&format!(
        "REVOKE notion_import_app, notion_import_sync, notion_import_erase FROM {HOST}"
    ));
    let no_roles = if_possible(
        "DROP ROLE notion_import_app, notion_import_sync, notion_import_lookup, notion_import_erase",
    );
    for round in 0..6 {
        let databases = join_all((0..4).map(|_| first.beside())).await;
        run(&mut superuser, &no_members).await;
        if round % 2 == 0 {
            run(&mut superuser, &no_roles).await;
        }
        let pools = join_all(databases.iter().map(|database| database.pool(HOST, 1))).await;
        let opening = pools.into_iter().map(|pool| tokio::spawn(Postgres::new(pool)));
        let opened = join_all(opening).await.into_iter().map(Result::unwrap);
        check(opened.collect()).await;
    }
    run(
        &mut superuser,
        format!("GRANT notion_import_app, notion_import_sync, notion_import_erase TO {HOST}"),
    )
    .await;
}
