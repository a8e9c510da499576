//! What a version says, as a page shows it.

use std::collections::HashMap;
use std::sync::Arc;

use notion_import_core::store::NewContent;
use notion_import_core::{Content, NotionId, Outside, Readable, ReadableQuery, StoredFile, Version};

use crate::app::App;
use crate::html::{Html, Links};
use crate::languages::{Language, Words};
use crate::people::Company;
use crate::problem::Problem;
use crate::session::Visitor;

/// A version, ready to be shown.
pub struct Shown {
    /// The text; empty if the version is a file.
    pub html: String,
    /// The file, if it is one.
    pub file: Option<ShownFile>,
    /// Further files.
    pub attachments: Vec<ShownFile>,
}

pub struct ShownFile {
    pub name: String,
    pub size: String,
    pub address: String,
}

impl Shown {
    /// Shows a version to a member; `files` is the path below which its files are.
    pub async fn to_members(
        app: &App,
        company: &Company,
        version: &Version,
        files: &str,
    ) -> Result<Self, Problem> {
        Self::of(app, company, (&version.content, &version.attachments), files).await
    }

    /// Shows what was read, which no document has yet, to a member.
    pub async fn unimported(
        app: &App,
        company: &Company,
        read: &NewContent,
        files: &str,
    ) -> Result<Self, Problem> {
        Self::of(app, company, (&read.content, &read.attachments), files).await
    }

    async fn of(
        app: &App,
        company: &Company,
        (content, attachments): (&Content, &[StoredFile]),
        files: &str,
    ) -> Result<Self, Problem> {
        let html = html(app, company, content).await?;
        let linked = app.stores.documents.linked_by_source(company.tenant, &linked(&html)).await?;
        let page = |id| format!("/documents/{id}");
        let documents = linked.iter().flat_map(|known| {
            let ids = known.link.source.ids();
            ids.map(|id| (id, page(known.document)))
        });
        let documents = documents.collect();
        let links = Links { files, documents: &documents, into_notion: true };
        Ok(Self::new(content, attachments, html, &links, Language::English.words()))
    }

    /// Shows a document to a reader of the site: links lead to documents they may read, and to nothing else in Notion.
    pub async fn to_reader(
        app: &App,
        company: &Company,
        visitor: &Visitor,
        readable: &Readable,
        files: &str,
    ) -> Result<Self, Problem> {
        let html = html(app, company, &readable.content).await?;
        let ids = linked(&html);
        let mut documents = HashMap::new();
        if !ids.is_empty() {
            let linked = app.stores.documents.linked_by_source(company.tenant, &ids).await?;
            let among = ReadableQuery::among(linked.iter().map(|known| known.document).collect());
            let now = chrono::Utc::now();
            let readable =
                app.stores.access.readable(company.tenant, &visitor.viewer(), &among, now).await?.documents;
            let open = |id| readable.iter().any(|known| known.id == id && known.outside == Outside::Ok);
            for known in linked {
                if open(known.document) {
                    let page = format!("/t/{}/d/{}", company.slug, known.document);
                    documents.extend(known.link.source.ids().map(|id| (id, page.clone())));
                }
            }
        }
        let links = Links { files, documents: &documents, into_notion: false };
        Ok(Self::new(&readable.content, &readable.attachments, html, &links, visitor.words()))
    }

    fn new(
        content: &Content,
        attachments: &[StoredFile],
        html: Option<Arc<Html>>,
        links: &Links<'_>,
        words: &Words,
    ) -> Self {
        let shown = |file: &StoredFile| ShownFile {
            name: file.name.clone(),
            size: words.size(file.blob.size),
            address: format!("{}/{}", links.files, file.blob.id),
        };
        let file = content.file().map(shown);
        let html = html.map_or_else(String::new, |html| html.for_reader(links));
        // Images stand in the text already.
        let further = attachments.iter().filter(|file| !file.media_type.starts_with("image/"));
        Self { html, file, attachments: further.map(shown).collect() }
    }
}

/// The text without what depends on its reader; none if the version is a file.
async fn html(app: &App, company: &Company, content: &Content) -> Result<Option<Arc<Html>>, Problem> {
    match content {
        Content::Markdown(text) => Ok(Some(app.converted.html(company.tenant, text).await?)),
        Content::File(_) => Ok(None),
    }
}

fn linked(html: &Option<Arc<Html>>) -> Vec<NotionId> {
    html.as_ref().map_or_else(Vec::new, |html| html.linked())
}
