//! Pages.

use chrono::{DateTime, Utc};
use serde::de::MapAccess;

use crate::id::NotionId;
use crate::notion::column::Properties;
use crate::notion::file::File;
use crate::notion::icon::Icon;
use crate::notion::lenient::{Key, Lenient, deserialize, skip, value};
use crate::notion::parent::Parent;
use crate::notion::property::{Property, PropertyValue};
use crate::notion::text::{RichText, plain_text};

/// A page, without its body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Its id.
    pub id: Option<NotionId>,
    /// When it was made.
    pub created_time: Option<DateTime<Utc>>,
    /// When it was last edited, to the minute.
    pub last_edited_time: Option<DateTime<Utc>>,
    /// Whether it is in the trash (`archived` in old versions of the API).
    pub in_trash: bool,
    /// Whether it is archived.
    pub is_archived: bool,
    /// Whether it is locked in Notion.
    pub is_locked: bool,
    /// Where Notion shows it. A page without a URL is one the integration may not read.
    pub url: Option<String>,
    /// Where it is published to the web.
    pub public_url: Option<String>,
    /// Where it lives.
    pub parent: Parent,
    /// Its properties; outside a data source only the title.
    pub properties: Properties<Property>,
    /// Its icon.
    pub icon: Option<Icon>,
    /// Its cover.
    pub cover: Option<File>,
}

impl Page {
    /// The title, as plain text. It may be empty.
    pub fn title(&self) -> String {
        self.title_text().map(plain_text).unwrap_or_default()
    }

    /// The title: the one property of type `title`, whatever its name.
    pub fn title_text(&self) -> Option<&[RichText]> {
        self.properties.0.iter().find_map(|(_, property)| match &property.value {
            PropertyValue::Title(text) => Some(text.as_slice()),
            _ => None,
        })
    }
}

impl Page {
    /// Whether Notion gave no more of it than its id, as it does where the integration may not read it.
    pub fn is_partial(&self) -> bool {
        self.url.is_none() && self.properties.0.is_empty()
    }

    /// Takes the value of a key, if it is one of a page's, and returns whether it is.
    pub(super) fn take<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        object: &mut A,
    ) -> Result<bool, A::Error> {
        match key {
            "id" => self.id = value(object)?,
            "created_time" => self.created_time = value(object)?,
            "last_edited_time" => self.last_edited_time = value(object)?,
            "in_trash" | "archived" => self.in_trash |= value::<bool, _>(object)?,
            "is_archived" => self.is_archived = value(object)?,
            "is_locked" => self.is_locked = value(object)?,
            "url" => self.url = value(object)?,
            "public_url" => self.public_url = value(object)?,
            "parent" => self.parent = value(object)?,
            "properties" => self.properties = value(object)?,
            "icon" => self.icon = value(object)?,
            "cover" => self.cover = value(object)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Lenient for Page {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut this = Self::default();
        while let Some(key) = Key::next(&mut object)? {
            if !this.take(key.as_str(), &mut object)? {
                skip(&mut object)?;
            }
        }
        Ok(this)
    }
}

impl Lenient for Option<File> {
    fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        File::from_object(object).map(Some)
    }
}

deserialize!(Page);
