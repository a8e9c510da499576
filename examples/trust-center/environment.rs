//! What the environment says.

use std::env;

use secrecy::SecretString;

/// A variable; none if it is blank.
pub fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// The secrets of a variable, with commas between them.
pub fn secrets(name: &str) -> Vec<SecretString> {
    let all = variable(name).unwrap_or_default();
    all.split(',').map(str::trim).filter(|secret| !secret.is_empty()).map(SecretString::from).collect()
}
