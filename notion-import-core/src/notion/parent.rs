//! Where something lives.

use serde::de::MapAccess;

use crate::id::NotionId;
use crate::notion::lenient::{Key, Lenient, deserialize, skip, value};

/// Where a page, a block, a database or a data source lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Parent {
    /// At the top of the workspace.
    Workspace,
    /// In a page.
    Page(NotionId),
    /// In a block; the page is further up.
    Block(NotionId),
    /// In a database.
    Database(NotionId),
    /// In a data source of a database.
    DataSource {
        /// The data source.
        data_source: NotionId,
        /// Its database, where Notion says it.
        database: Option<NotionId>,
    },
    /// In an agent.
    Agent(NotionId),
    /// Not said, or in a way we do not know.
    #[default]
    Unknown,
}

impl Lenient for Parent {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut workspace, mut page, mut block) = (false, None, None);
        let (mut database, mut data_source, mut agent) = (None, None, None);
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "workspace" => workspace = value(&mut object)?,
                "page_id" => page = value(&mut object)?,
                "block_id" => block = value(&mut object)?,
                "database_id" => database = value(&mut object)?,
                "data_source_id" => data_source = value(&mut object)?,
                "agent_id" => agent = value(&mut object)?,
                _ => skip(&mut object)?,
            }
        }
        let data_source = data_source.map(|data_source| Self::DataSource { data_source, database });
        Ok(data_source
            .or(page.map(Self::Page))
            .or(block.map(Self::Block))
            .or(database.map(Self::Database))
            .or(agent.map(Self::Agent))
            .unwrap_or(if workspace { Self::Workspace } else { Self::Unknown }))
    }
}

deserialize!(Parent);
