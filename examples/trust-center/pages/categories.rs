//! Categories: where documents stand on a company's site, in its own words.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, State};
use chrono::Utc;
use notion_import_core::store::{Standing, folded};
use notion_import_core::{Action, DocumentId, PublicDocument};

use super::site::{Shelved, shelved};
use super::{Address, Answer, Shared, see};
use crate::fields::Fields;
use crate::languages::Words;
use crate::problem::Problem;
use crate::session::Visitor;

/// Documents that stand together.
pub struct Group {
    /// What is said above them, if anything is.
    pub name: Option<String>,
    pub documents: Vec<Shelved>,
}

impl Group {
    /// Puts all of them together, without a word.
    pub fn all<'a>(documents: impl Iterator<Item = &'a PublicDocument>, words: &Words) -> Vec<Self> {
        let documents: Vec<_> = documents.map(|known| shelved(known, words)).collect();
        Some(Self { name: None, documents }).filter(|all| !all.documents.is_empty()).into_iter().collect()
    }

    /// Puts those of each category together, and what has none at the end.
    pub fn by_category<'a>(documents: impl Iterator<Item = &'a PublicDocument>, words: &Words) -> Vec<Self> {
        let mut groups: BTreeMap<(bool, String), Self> = BTreeMap::new();
        for known in documents {
            let category = known.category.as_deref();
            let key = (category.is_none(), category.map(folded).unwrap_or_default());
            let name = category.unwrap_or(words.other_documents).to_owned();
            let group = groups.entry(key).or_insert(Self { name: Some(name), documents: Vec::new() });
            group.documents.push(shelved(known, words));
        }
        groups.into_values().collect()
    }
}

/// Reads a category from a form; none if it names none.
pub fn given(fields: &Fields) -> Result<Option<String>, Problem> {
    let mut standing = Standing::default();
    match standing.set_category(fields.given("category"), Utc::now()) {
        Ok(_) => Ok(standing.category),
        Err(_) => Err(Problem::form("A category has room for 100 bytes. Choose a shorter name.")),
    }
}

pub async fn set(State(app): Shared, visitor: Visitor, Path(id): Path<DocumentId>, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Publish)?;
    let category = given(&Fields::read(&body))?;
    app.stores.access.set_category(&staff.actor, id, category.as_deref(), Utc::now()).await?;
    see(Address::Document(id))
}
