//! What an administrator prepares.

use sqlx::SqlSafeStr;

use crate::options::Options;

/// Returns the SQL that an administrator runs once in a database, so that the login of the host owns nothing and makes nothing: it
/// makes the roles, the login `<prefix>_owner` for [`Postgres::migrate`](crate::Postgres::migrate), and the login
/// `<prefix>_login` for [`Postgres::open`](crate::Postgres::open).
pub fn setup_sql(options: &Options) -> String {
    options.prefix.sql(include_str!("setup.sql")).into_sql_str().as_str().to_owned()
}
