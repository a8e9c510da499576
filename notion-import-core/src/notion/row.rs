//! Rows: what a data source lists.

use chrono::{DateTime, Utc};
use serde::de::MapAccess;

use crate::id::NotionId;
use crate::notion::lenient::{Key, Lenient, deserialize, skip, value};
use crate::notion::page::Page;
use crate::notion::text::{RichText, plain_text};

/// A row of a data source: a page, or in a wiki a data source.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A page.
    Page(Box<Page>),
    /// A data source, which has rows of its own.
    DataSource(ChildSource),
}

/// A data source as another lists it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChildSource {
    /// Its id.
    pub id: Option<NotionId>,
    /// Its title.
    pub title: Vec<RichText>,
    /// When it was made.
    pub created_time: Option<DateTime<Utc>>,
    /// Whether it is in the trash.
    pub in_trash: bool,
}

impl Row {
    /// Its id.
    pub fn id(&self) -> Option<NotionId> {
        match self {
            Self::Page(page) => page.id,
            Self::DataSource(source) => source.id,
        }
    }

    /// The title, as plain text. It may be empty.
    pub fn title(&self) -> String {
        match self {
            Self::Page(page) => page.title(),
            Self::DataSource(source) => plain_text(&source.title),
        }
    }

    /// Whether it is in the trash.
    pub fn in_trash(&self) -> bool {
        match self {
            Self::Page(page) => page.in_trash,
            Self::DataSource(source) => source.in_trash,
        }
    }

    /// When it was made.
    pub fn created_time(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Page(page) => page.created_time,
            Self::DataSource(source) => source.created_time,
        }
    }

    /// Returns the page; none if it is a data source.
    pub fn page(&self) -> Option<&Page> {
        match self {
            Self::Page(page) => Some(page.as_ref()),
            Self::DataSource(_) => None,
        }
    }
}

impl Default for Row {
    fn default() -> Self {
        Self::Page(Box::default())
    }
}

impl Lenient for Row {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut kind, mut title, mut page) = (String::new(), Vec::new(), Page::default());
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "object" => kind = value(&mut object)?,
                "title" => title = value(&mut object)?,
                key if page.take(key, &mut object)? => {}
                _ => skip(&mut object)?,
            }
        }
        Ok(match kind.as_str() {
            "data_source" | "database" => Self::DataSource(ChildSource {
                id: page.id,
                title,
                created_time: page.created_time,
                in_trash: page.in_trash,
            }),
            _ => Self::Page(Box::new(page)),
        })
    }
}

deserialize!(Row);
