//! In which part of a service a connection has its name.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Authorizer, ConnectionRef};
use crate::error::{AccessError, Fault};

/// The part of a service in which a connection has its name: at Nango, an environment and an integration in it. A key is of one.
///
/// In another part the name is nobody's, and a service answers so in the words it has for a connection that was deleted. So that there is
/// no such connection is believed only where the service is asked in the namespace that the connection was made in.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Namespace(String);

impl Namespace {
    /// Wraps what the service calls it: never a key.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A connection's name, and the namespace that it has it in.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct QualifiedRef {
    /// Where it is called so.
    pub namespace: Namespace,
    /// What it is called there.
    pub reference: ConnectionRef,
}

/// What the operator is told of a key that is of another namespace than a connection.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the service is asked in {asked}, and the connection was made in {made}")]
struct Elsewhere {
    asked: Namespace,
    made: Namespace,
}

/// Passes if a service is asked in the namespace that something was made in: what it does not know there was deleted.
///
/// # Errors
/// [`Fault::AnotherNamespace`] if not; the authorizer's.
pub(crate) async fn asked_in(authorizer: &dyn Authorizer, made: &Namespace) -> Result<(), AccessError> {
    let asked = authorizer.namespace().await?;
    if asked == *made {
        return Ok(());
    }
    let source = Elsewhere { asked, made: made.clone() };
    Err(AccessError { fault: Fault::AnotherNamespace, source: Some(Box::new(source)) })
}
