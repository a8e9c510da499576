//! What the server's catalogue says of the schema, and how that differs from what the migrations make.

use std::collections::BTreeMap;

use notion_import_core::StoreError;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::database::{Role, Tx, enter};
use crate::error::{Hazard, backend};
use crate::prefix::Prefix;

/// How `catalogue.sql` writes whoever owns the schema.
const OWNER: &str = ":owner";

/// Policies, rights, triggers, functions, relations and owners of one schema, by what each is about.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Catalogue(BTreeMap<String, Fact>);

#[derive(Debug, Serialize, Deserialize)]
struct Fact {
    says: String,
    /// The statement that makes it so, empty if there is no single one.
    make: String,
    /// The statement that takes it away, empty for what is there together with something else.
    unmake: String,
}

impl Catalogue {
    /// Reads what the server says of the schema.
    pub(crate) async fn of(tx: &mut Tx, schema: &str) -> Result<Self, StoreError> {
        let rows = sqlx::query(include_str!("catalogue.sql")).bind(schema).fetch_all(&mut **tx);
        let facts = rows.await.map_err(backend)?.iter().map(fact).collect::<Result<_, _>>();
        Ok(Self(facts.map_err(backend)?))
    }

    /// Returns what it would say if the schema were called `to`. Only a name that stands for nothing else is found everywhere.
    pub(crate) fn renamed(self, from: &str, to: &str) -> Self {
        let rename = |text: String| text.replace(from, to);
        let facts = self.0.into_iter().map(|(what, Fact { says, make, unmake })| {
            (rename(what), Fact { says: rename(says), make: rename(make), unmake: rename(unmake) })
        });
        Self(facts.collect())
    }

    /// Leaves out the rights of roles that the migrations do not know: a host may have let its tables begin with some.
    pub(crate) fn of_roles(mut self, prefix: &Prefix) -> Self {
        let roles = ["app", "sync", "lookup", "erase"].map(|role| format!(" for {}", prefix.name(role)));
        self.0.retain(|what, _| {
            !what.starts_with("the right ") || roles.iter().any(|role| what.ends_with(role))
        });
        self
    }

    /// Returns the differences, each with the statement that mends it. `owner` is who owns the schema.
    pub(crate) fn differences(&self, expected: &Self, owner: &str) -> Vec<Hazard> {
        let missing = expected.0.iter().filter_map(|(what, fact)| match self.0.get(what) {
            None => Some(hazard(format!("{what} is missing"), &fact.make, owner)),
            Some(found) if found.says != fact.says => {
                Some(hazard(format!("{what} was changed"), &fact.make, owner))
            }
            Some(_) => None,
        });
        // What cannot be taken away alone is of something strange itself, such as its owner.
        let strange =
            self.0.iter().filter(|(what, fact)| !expected.0.contains_key(*what) && !fact.unmake.is_empty());
        let strange = strange.map(|(what, fact)| {
            hazard(format!("{what} is none that the migrations make"), &fact.unmake, owner)
        });
        missing.chain(strange).collect()
    }
}

/// Keeps what the schema is to be like beside its tables, for logins that may not make another to compare it with.
pub(crate) async fn keep(tx: &mut Tx, prefix: &Prefix, expected: &Catalogue) -> Result<(), StoreError> {
    let facts = serde_json::to_string(expected).map_err(StoreError::backend)?;
    sqlx::raw_sql(prefix.sql("DELETE FROM notion_import.catalogue"))
        .execute(&mut **tx)
        .await
        .map_err(backend)?;
    let kept = "INSERT INTO notion_import.catalogue (server, facts) \
                VALUES (current_setting('server_version_num')::integer / 10000, $1::text::json)";
    sqlx::query(prefix.sql(kept)).bind(facts).execute(&mut **tx).await.map_err(backend)?;
    Ok(())
}

/// Returns what the schema is to be like. The transaction acts as the application afterwards.
pub(crate) async fn kept(tx: &mut Tx) -> Result<Catalogue, StoreError> {
    enter(tx, Role::App, None).await?;
    let facts: Option<String> = sqlx::query_scalar("SELECT facts::text FROM catalogue")
        .fetch_optional(&mut **tx)
        .await
        .map_err(backend)?;
    // Without it, everything that is there is a difference.
    let Some(facts) = facts else { return Ok(Catalogue::default()) };
    serde_json::from_str(&facts).map_err(|_| StoreError::Corrupt("facts"))
}

/// What a row is about, and what it says of that.
fn fact(row: &PgRow) -> Result<(String, Fact), sqlx::Error> {
    let (says, make, unmake) = (row.try_get("says")?, row.try_get("make")?, row.try_get("unmake")?);
    Ok((row.try_get("what")?, Fact { says, make, unmake }))
}

fn hazard(what: String, mend: &str, owner: &str) -> Hazard {
    let mend = match mend {
        "" => "restore it from a backup, or let the migrations make the schema anew".to_owned(),
        mend => mend.replace(OWNER, owner),
    };
    Hazard { what: what.replace(OWNER, owner), mend }
}
