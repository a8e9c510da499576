//! What a run of text refers to.

use serde::de::MapAccess;

use crate::id::NotionId;
use crate::notion::file::SignedUrl;
use crate::notion::lenient::{Key, Lenient, Reference, object, skip, value};
use crate::notion::text::Link;
/// A reference inside text.
#[derive(Clone, Debug, PartialEq)]
pub enum Mention {
    /// A person or a bot.
    User(Option<NotionId>),
    /// A page.
    Page(Option<NotionId>),
    /// A database.
    Database(Option<NotionId>),
    /// A date or a range of dates.
    Date(DateRange),
    /// A link shown as a preview.
    LinkPreview(Option<String>),
    /// A link shown with its title.
    Link(LinkMention),
    /// A placeholder in a template: today, now, me.
    Template,
    /// An emoji of the workspace.
    CustomEmoji(CustomEmoji),
    /// A mention Notion has added since, by its name.
    Unknown(String),
}

impl Default for Mention {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

object! {
    /// A date, a time, or a range of them, as Notion spells them (ISO 8601).
    pub struct DateRange {
        /// When it starts.
        pub start: Option<String>,
        /// When it ends, for a range.
        pub end: Option<String>,
        /// The zone of both, if not in their text.
        pub time_zone: Option<String>,
    }
}

object! {
    /// A link Notion shows by the title of its target.
    pub struct LinkMention {
        /// The target.
        pub href: Option<String>,
        /// The target's title.
        pub title: Option<String>,
    }
}

object! {
    /// An emoji of the workspace.
    pub struct CustomEmoji {
        /// Its id.
        pub id: Option<NotionId>,
        /// Its name, without colons.
        pub name: String,
        /// Its image; how long the URL lives is not documented, so it is treated as signed.
        pub url: SignedUrl,
    }
}

/// A mention, and the words that Notion shows of it, if it holds them.
#[derive(Default)]
pub(super) struct Mentioned {
    pub(super) mention: Mention,
    pub(super) words: Option<String>,
}

object! {
    /// `{"id": .., "name": ..}`.
    struct Named {
        id: Option<NotionId>,
        name: Option<String>,
    }
}

object! {
    /// What a template fills in.
    struct Template {
        template_mention_date: Option<String>,
        template_mention_user: Option<String>,
    }
}

impl Template {
    fn words(&self) -> Option<String> {
        match self.template_mention_date.as_deref().or(self.template_mention_user.as_deref())? {
            "today" => Some("@Today".to_owned()),
            "now" => Some("@Now".to_owned()),
            "me" => Some("@Me".to_owned()),
            other => Some(format!("@{other}")),
        }
    }
}

impl Lenient for Mentioned {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut name = String::new();
        let (mut found, mut words) = (None, None);
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "type" => name = value(&mut object)?,
                "user" => {
                    let user: Named = value(&mut object)?;
                    words = user.name.filter(|name| !name.trim().is_empty()).map(|name| format!("@{name}"));
                    found = Some(Mention::User(user.id));
                }
                "page" => found = Some(Mention::Page(value::<Reference, _>(&mut object)?.0)),
                // Its Markdown has mentions of data sources, its JSON none so far.
                "database" | "data_source" => {
                    found = Some(Mention::Database(value::<Reference, _>(&mut object)?.0));
                }
                "date" => found = Some(Mention::Date(value(&mut object)?)),
                "link_preview" => found = Some(Mention::LinkPreview(value::<Link, _>(&mut object)?.url)),
                "link_mention" => found = Some(Mention::Link(value(&mut object)?)),
                "template_mention" => {
                    words = value::<Template, _>(&mut object)?.words();
                    found = Some(Mention::Template);
                }
                "custom_emoji" => found = Some(Mention::CustomEmoji(value(&mut object)?)),
                _ => skip(&mut object)?,
            }
        }
        Ok(Self { mention: found.unwrap_or(Mention::Unknown(name)), words })
    }
}
