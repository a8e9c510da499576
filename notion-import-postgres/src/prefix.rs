//! The one name that everything of an installation begins with.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::AssertSqlSafe;

/// What the SQL files of this crate call the installation.
const IN_FILES: &str = "notion_import";

/// PostgreSQL cuts names after 63 bytes, and the longest that is made of a prefix adds eight.
const LONGEST: usize = 40;

/// The prefix of an installation, `notion_import` by default: the name of its schema, and what the names of its roles
/// (`<prefix>_app`, `<prefix>_sync`, `<prefix>_lookup`, `<prefix>_erase`), of the queue's schema (`<prefix>_worker`) and of its setting
/// (`<prefix>.tenant_id`) begin with. Roles belong to a whole cluster, so two installations on one cluster have two prefixes.
///
/// Three to forty lower-case letters, digits and underscores, a letter first, and no name of PostgreSQL's own (`pg_..`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Prefix(Arc<str>);

/// A prefix that is none: see [`Prefix`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "a prefix is 3 to {LONGEST} lower-case letters, digits and underscores, begins with a letter and not with pg_"
)]
pub struct PrefixError;

impl Prefix {
    /// Checks a prefix.
    ///
    /// # Errors
    /// [`PrefixError`] if it could not stand in a statement without quotes.
    pub fn new(prefix: &str) -> Result<Self, PrefixError> {
        let word = prefix.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        let begins =
            prefix.starts_with(|first: char| first.is_ascii_lowercase()) && !prefix.starts_with("pg_");
        match word && begins && (3..=LONGEST).contains(&prefix.len()) {
            true => Ok(Self(prefix.into())),
            false => Err(PrefixError),
        }
    }

    /// Returns it as text, which is also the schema's name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name of a role, or of the queue's schema.
    pub(crate) fn name(&self, of: &str) -> String {
        format!("{self}_{of}")
    }

    /// Returns the setting that names the tenant of a transaction.
    pub(crate) fn setting(&self) -> String {
        format!("{self}.tenant_id")
    }

    /// Returns the SQL of one of this crate's files for this installation. The files say `notion_import` and are valid as they
    /// are; this and [`sql_in`](Self::sql_in) are the one place where another prefix is put in.
    pub(crate) fn sql(&self, file: &str) -> AssertSqlSafe<String> {
        self.sql_in(self.as_str(), file)
    }

    /// Returns the SQL of a file for another schema and the roles of this installation.
    pub(crate) fn sql_in(&self, schema: &str, file: &str) -> AssertSqlSafe<String> {
        let mut pieces = file.split(IN_FILES);
        let mut sql = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            sql.push_str(if piece.starts_with('_') { self.as_str() } else { schema });
            sql.push_str(piece);
        }
        AssertSqlSafe(sql)
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self(IN_FILES.into())
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(prefix: &str) -> Result<Self, PrefixError> {
        Self::new(prefix)
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::SqlSafeStr;

    use super::*;

    #[test]
    fn a_prefix_needs_no_quotes_and_hides_no_statement() {
        for good in ["notion_import", "abc", "trust2", "a__", &"a".repeat(40)] {
            assert_eq!(Prefix::new(good).map(|prefix| prefix.to_string()), Ok(good.to_owned()));
        }
        for bad in [
            "",
            "ab",
            "Trust",
            "2trust",
            "_trust",
            "trüst",
            "trust-2",
            "trust.x",
            "trust ",
            "a;b",
            "a'b",
            "a\"b",
            "a\0b",
            "pg_trust",
            &"a".repeat(41),
        ] {
            assert_eq!(Prefix::new(bad), Err(PrefixError), "{bad}");
        }
    }

    #[test]
    fn a_file_is_for_the_installation_whatever_its_prefix() {
        let file = "GRANT SELECT ON notion_import.audit TO notion_import_app";
        for (prefix, schema, expected) in [
            ("notion_import", "notion_import", file),
            ("notion_import_two", "scratch", "GRANT SELECT ON scratch.audit TO notion_import_two_app"),
            ("trust", "trust", "GRANT SELECT ON trust.audit TO trust_app"),
        ] {
            let sql = Prefix::new(prefix).map(|prefix| prefix.sql_in(schema, file).into_sql_str());
            assert_eq!(sql.as_ref().map(|sql| sql.as_str()), Ok(expected));
        }
    }
}
