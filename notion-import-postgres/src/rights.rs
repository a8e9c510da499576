//! What a login may, and what it lacks for what it is to do.

use notion_import_core::StoreError;
use sqlx::Row;
use sqlx::postgres::PgRow;

use crate::database::Tx;
use crate::error::{MissingRight, OpenError, backend};
use crate::prefix::Prefix;

/// What somebody who logs in may do.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    name: String,
    /// The name as it stands in a statement.
    quoted: String,
    database: String,
    superuser: bool,
    creates_roles: bool,
    creates_schemas: bool,
    /// Who owns the schema, if it is there.
    owner: Option<String>,
    /// The server's major version.
    version: i32,
    app: Membership,
    sync: Membership,
    lookup: Membership,
    erase: Membership,
}

/// How a login stands to a role.
#[derive(Clone, Debug)]
pub(crate) struct Membership {
    pub(crate) role: String,
    is_there: bool,
    /// Whether the login may act as the role.
    pub(crate) acts: bool,
    /// Whether the login may make itself and others members.
    gives: bool,
}

impl Login {
    /// Looks at the login of a transaction.
    ///
    /// # Errors
    /// [`OpenError::Reserved`] if the prefix means something in SQL.
    pub(crate) async fn of(tx: &mut Tx, prefix: &Prefix) -> Result<Self, OpenError> {
        let rows = sqlx::query(prefix.sql(include_str!("rights.sql"))).fetch_all(&mut **tx);
        let rows = rows.await.map_err(backend)?;
        let [app, sync, lookup, erase] = &rows[..] else {
            return Err(StoreError::Corrupt("pg_roles").into());
        };
        if !app.try_get("is_a_name").map_err(backend)? {
            return Err(OpenError::Reserved(prefix.clone()));
        }
        Self::read(app, [sync, lookup, erase]).map_err(|error| backend(error).into())
    }

    fn read(app: &PgRow, [sync, lookup, erase]: [&PgRow; 3]) -> Result<Self, sqlx::Error> {
        Ok(Self {
            name: app.try_get("login")?,
            quoted: app.try_get("quoted")?,
            database: app.try_get("database")?,
            superuser: app.try_get("superuser")?,
            creates_roles: app.try_get("creates_roles")?,
            creates_schemas: app.try_get("creates_schemas")?,
            owner: app.try_get("owner")?,
            version: app.try_get("version")?,
            app: Membership::read(app)?,
            sync: Membership::read(sync)?,
            lookup: Membership::read(lookup)?,
            erase: Membership::read(erase)?,
        })
    }

    /// Whether the roles that act for tenants are there.
    pub(crate) fn has_roles(&self) -> bool {
        self.acting().iter().all(|member| member.is_there)
    }

    /// Those that act for tenants.
    fn acting(&self) -> [&Membership; 3] {
        [&self.app, &self.sync, &self.erase]
    }

    /// Whether the schema is there.
    pub(crate) fn has_schema(&self) -> bool {
        self.owner.is_some()
    }

    /// Whether the schema is its own.
    pub(crate) fn owns(&self) -> bool {
        self.owner.as_ref() == Some(&self.name)
    }

    /// The server's major version.
    pub(crate) fn version(&self) -> i32 {
        self.version
    }

    pub(crate) fn lookup(&self) -> &Membership {
        &self.lookup
    }

    /// Returns the statements that make it a member of the roles that act for tenants, as far as it is none.
    pub(crate) fn joining(&self) -> Vec<String> {
        let missing = self.acting().into_iter().filter(|member| !member.acts);
        missing.map(|member| self.grant(member)).collect()
    }

    /// Returns what it lacks to make the schema and bring it up to date.
    pub(crate) fn missing_to_migrate(&self) -> Vec<MissingRight> {
        let mut missing = Vec::new();
        let absent: Vec<_> =
            self.acting().into_iter().chain([&self.lookup]).filter(|member| !member.is_there).collect();
        if !absent.is_empty() && !self.creates_roles {
            let roles: Vec<_> = absent.iter().map(|member| member.role.as_str()).collect();
            let right = format!("CREATEROLE, to make {}", roles.join(", "));
            missing.push(self.right(right, format!("ALTER ROLE {} CREATEROLE", self.quoted)));
        }
        if self.lookup.is_there && !self.lookup.acts && !self.lookup.gives {
            missing.push(self.right(format!("to act as {}", self.lookup.role), self.grant(&self.lookup)));
        }
        match &self.owner {
            // A superuser makes what belongs to somebody else then, and that is told as what it is.
            Some(owner) if !self.owns() && !self.superuser => {
                let right = format!("to be {owner}, who owns the schema");
                missing.push(self.right(right, format!("log in as {owner} for Postgres::migrate")));
            }
            Some(_) | None => {}
        }
        if !self.creates_schemas {
            let right = format!("CREATE on the database {}", self.database);
            let grant = format!("GRANT CREATE ON DATABASE {} TO {}", self.database, self.quoted);
            missing.push(self.right(right, grant));
        }
        missing
    }

    /// Returns what it lacks to use a schema that is there.
    pub(crate) fn missing_to_act(&self) -> Vec<MissingRight> {
        let lacks = |member: &&Membership| member.is_there && !member.acts && !member.gives;
        let missing = self.acting().into_iter().filter(lacks);
        missing.map(|member| self.right(format!("to act as {}", member.role), self.grant(member))).collect()
    }

    fn right(&self, right: String, statement: String) -> MissingRight {
        MissingRight { role: self.name.clone(), right, statement }
    }

    /// A member acts as the role and has none of its rights before it does, as far as the server knows the difference.
    fn grant(&self, member: &Membership) -> String {
        let how = if self.version < 16 { "" } else { " WITH INHERIT FALSE, SET TRUE" };
        format!("GRANT {} TO {}{how}", member.role, self.quoted)
    }
}

impl Membership {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let (is_there, acts) = (row.try_get("is_there")?, row.try_get("acts")?);
        Ok(Self { role: row.try_get("role")?, is_there, acts, gives: row.try_get("gives")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(version: i32) -> Login {
        let member = |role: &str| Membership { role: role.into(), is_there: true, acts: false, gives: false };
        Login {
            name: "Host".into(),
            quoted: "\"Host\"".into(),
            database: "trust".into(),
            superuser: false,
            creates_roles: false,
            creates_schemas: true,
            owner: None,
            version,
            app: member("trust_app"),
            sync: member("trust_sync"),
            lookup: member("trust_lookup"),
            erase: member("trust_erase"),
        }
    }

    fn statements(missing: Vec<MissingRight>) -> Vec<String> {
        missing.into_iter().map(|right| right.statement).collect()
    }

    #[test]
    fn a_member_is_to_act_and_not_to_inherit_where_the_server_knows_the_difference() {
        let on_15 = ["app", "sync", "erase"].map(|role| format!("GRANT trust_{role} TO \"Host\""));
        assert_eq!(statements(login(15).missing_to_act()), on_15);
        let on_16 = on_15.map(|grant| format!("{grant} WITH INHERIT FALSE, SET TRUE"));
        assert_eq!(statements(login(16).missing_to_act()), on_16);
    }

    #[test]
    fn whoever_may_give_a_role_lacks_nothing() {
        let mut login = login(16);
        for member in [&mut login.app, &mut login.sync, &mut login.lookup, &mut login.erase] {
            member.gives = true;
        }
        assert_eq!(login.missing_to_act(), []);
        assert_eq!(login.missing_to_migrate(), []);
        assert_eq!(login.joining().len(), 3);
    }
}
