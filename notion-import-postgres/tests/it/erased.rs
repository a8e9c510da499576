//! What the database holds of a tenant that was erased.

use notion_import_core::testing::suite;
use notion_import_core::{Actor, AuditLog, AuditQuery, MemberId, Role};

use crate::catalogue::column;
use crate::cluster::Database;

/// Every table with rows of tenants has them before, and only those that are to stay after.
#[tokio::test]
async fn no_table_has_a_row_of_an_erased_tenant_but_those_that_say_so() {
    let database = Database::empty().await;
    let postgres = std::sync::Arc::new(database.open(4).await);
    let mut db = database.superuser().await;
    let tables = column(
        &mut db,
        "SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'notion_import' \
         AND column_name = 'tenant_id' ORDER BY 1",
    )
    .await;
    let stores = suite::Audited::of(postgres.clone());
    let admin = suite::erasing::furnish(&stores).await.unwrap();
    let rows = async |db: &mut _| {
        let mut with_rows = Vec::new();
        for table in &tables {
            let sql = format!(
                "SELECT count(*)::text FROM notion_import.{table} WHERE tenant_id = '{}'",
                admin.tenant
            );
            if column(db, &sql).await != ["0"] {
                with_rows.push(table.as_str());
            }
        }
        with_rows
    };
    let empty = ["attempts", "connections", "log_starts", "runs"];
    let expected: Vec<_> = tables.iter().map(String::as_str).filter(|table| !empty.contains(table)).collect();
    assert_eq!(rows(&mut db).await, expected, "a table is not tried");
    stores.tenants.erase_tenant(&admin, suite::minute(9)).await.unwrap();
    assert_eq!(rows(&mut db).await, ["audit", "audit_heads", "log_starts", "sites", "syncs"]);
    let reader = Actor::new(admin.tenant, MemberId::fresh(), Role::Admin);
    assert_eq!(postgres.audit(&reader, &AuditQuery::newest(9)).await.unwrap().len(), 1);
}
