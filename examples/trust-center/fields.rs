//! What a form sent. Fields may come more than once, so it is a list.

use std::collections::HashSet;

/// The fields of a form or a query.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    pub fn read(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first value of this name, trimmed; empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        let mut named = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        named.next().unwrap_or_default().trim()
    }

    /// The same, if it is not empty.
    pub fn given(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    pub fn is_on(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of this name, each once.
    pub fn distinct<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let mut seen = HashSet::new();
        self.all(name).filter(|value| seen.insert(*value)).collect()
    }
}
