//! The queue's way to the database.

use std::any::Any;
use std::time::Duration;

use graphile_worker::{
    BoxFuture, Database, DatabaseDriver, DbError, DbExecutor, DbParams, DbRow, DbTransaction,
    NotificationStream,
};
use sqlx::PgPool;
use tokio::time::sleep;

/// A failure is told after this. The local queue tries again at once, and what fails quickly it would try without a break.
const PAUSE: Duration = Duration::from_secs(1);

/// A pool that takes its time to fail.
#[derive(Debug)]
pub(super) struct Patient(Database);

impl Patient {
    pub(super) fn new(pool: PgPool) -> Self {
        Self(pool.into())
    }
}

async fn patiently<T>(asked: BoxFuture<'_, Result<T, DbError>>) -> Result<T, DbError> {
    let answer = asked.await;
    if answer.is_err() {
        sleep(PAUSE).await;
    }
    answer
}

impl DbExecutor for Patient {
    fn execute<'a>(&'a self, sql: &'a str, params: DbParams) -> BoxFuture<'a, Result<u64, DbError>> {
        Box::pin(patiently(self.0.execute(sql, params)))
    }

    fn fetch_all<'a>(&'a self, sql: &'a str, params: DbParams) -> BoxFuture<'a, Result<Vec<DbRow>, DbError>> {
        Box::pin(patiently(self.0.fetch_all(sql, params)))
    }
}

impl DatabaseDriver for Patient {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn begin(&self) -> BoxFuture<'_, Result<DbTransaction, DbError>> {
        Box::pin(async { self.0.begin().await })
    }

    fn listen<'a>(&'a self, channel: &'a str) -> BoxFuture<'a, Result<Option<NotificationStream>, DbError>> {
        Box::pin(async { self.0.listen(channel).await })
    }
}
