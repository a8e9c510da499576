//! Databases, and the data sources whose rows they show.

use chrono::{DateTime, Utc};

use crate::id::NotionId;
use crate::notion::column::{Column, Properties};
use crate::notion::file::File;
use crate::notion::icon::Icon;
use crate::notion::lenient::{deserialize, object};
use crate::notion::parent::Parent;
use crate::notion::text::RichText;

object! {
    /// A database: a container of data sources.
    pub struct Database {
        /// Its id.
        pub id: Option<NotionId>,
        /// Its title.
        pub title: Vec<RichText>,
        /// What it is for.
        pub description: Vec<RichText>,
        /// Where it lives.
        pub parent: Parent,
        /// Whether it stands inside a page.
        pub is_inline: bool,
        /// Whether it is in the trash.
        pub in_trash: bool,
        /// Whether it is locked in Notion.
        pub is_locked: bool,
        /// When it was made.
        pub created_time: Option<DateTime<Utc>>,
        /// When it was last edited, to the minute.
        pub last_edited_time: Option<DateTime<Utc>>,
        /// Its data sources.
        pub data_sources: Vec<DataSourceName>,
        /// Its icon.
        pub icon: Option<Icon>,
        /// Its cover.
        pub cover: Option<File>,
        /// Where Notion shows it.
        pub url: Option<String>,
        /// Where it is published to the web.
        pub public_url: Option<String>,
    }
}

object! {
    /// A data source, as its database names it.
    pub struct DataSourceName {
        /// Its id.
        pub id: Option<NotionId>,
        /// Its name.
        pub name: String,
    }
}

object! {
    /// A data source: columns, and rows to query.
    pub struct DataSource {
        /// Its id.
        pub id: Option<NotionId>,
        /// Its title.
        pub title: Vec<RichText>,
        /// What it is for.
        pub description: Vec<RichText>,
        /// Its database, or the data source it comes from.
        pub parent: Parent,
        /// Where its database lives.
        pub database_parent: Parent,
        /// Whether its database stands inside a page.
        pub is_inline: bool,
        /// Whether it is in the trash.
        pub in_trash: bool,
        /// When it was made.
        pub created_time: Option<DateTime<Utc>>,
        /// When it was last edited, to the minute.
        pub last_edited_time: Option<DateTime<Utc>>,
        /// Its columns.
        pub properties: Properties<Column>,
        /// Its icon.
        pub icon: Option<Icon>,
        /// Its cover.
        pub cover: Option<File>,
        /// Where Notion shows it.
        pub url: Option<String>,
        /// Where it is published to the web.
        pub public_url: Option<String>,
    }
}

impl Database {
    /// Whether Notion gave no more of it than its id, as it does where the integration may not read it.
    pub fn is_partial(&self) -> bool {
        self.url.is_none() && self.data_sources.is_empty()
    }
}

impl DataSource {
    /// Whether Notion gave no more of it than its id, as it does where the integration may not read it.
    pub fn is_partial(&self) -> bool {
        self.url.is_none() && self.properties.0.is_empty()
    }
}

deserialize!(Database, DataSource);
