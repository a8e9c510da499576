//! Icons of pages, databases, callouts and tabs.

use serde::de::MapAccess;

use crate::notion::file::FileSource;
use crate::notion::lenient::{Key, Lenient, object, skip, value};
use crate::notion::text::{CustomEmoji, Link};

/// A small picture before a title.
#[derive(Clone, Debug, PartialEq)]
pub enum Icon {
    /// A Unicode emoji.
    Emoji(String),
    /// One of Notion's own icons; Notion gives no URL for it.
    Native(NativeIcon),
    /// An emoji of the workspace.
    CustomEmoji(CustomEmoji),
    /// An image.
    Image(FileSource),
    /// A kind Notion has added since, by its name.
    Unknown(String),
}

object! {
    /// One of Notion's own icons.
    pub struct NativeIcon {
        /// Its name.
        pub name: String,
        /// Its colour.
        pub color: String,
    }
}

impl Lenient for Option<Icon> {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut kind, mut found) = (String::new(), None);
        while let Some(key) = Key::next(&mut object)? {
            let icon = match key.as_str() {
                "type" => {
                    kind = value(&mut object)?;
                    continue;
                }
                "emoji" => value::<Option<String>, _>(&mut object)?.map(Icon::Emoji),
                "icon" => Some(Icon::Native(value(&mut object)?)),
                "custom_emoji" => Some(Icon::CustomEmoji(value(&mut object)?)),
                "file" => Some(Icon::Image(FileSource::Hosted(value(&mut object)?))),
                "external" => value::<Link, _>(&mut object)?.url.map(|url| Icon::Image(FileSource::at(url))),
                _ => {
                    skip(&mut object)?;
                    None
                }
            };
            found = found.or(icon);
        }
        Ok(found.or_else(|| (!kind.is_empty()).then_some(Icon::Unknown(kind))))
    }
}
