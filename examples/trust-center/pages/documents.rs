//! The library: the documents of the company, searched, filtered, sorted and page by page.

use axum::extract::{RawQuery, State};
use chrono::Utc;
use notion_import_core::{
    AccessLevel, Action, Actor, AdminDocument, ConnectionId, DocumentFilter, DocumentOrder, DocumentQuery,
    Place, Publication, PublicationState, SourceFilter,
};

use super::choosing::Choice;
use super::frame::{Frame, page};
use super::{Answer, Shared};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::Visitor;
use crate::words::{self, Badge};

/// Documents read in one go.
const BATCH: usize = 200;

/// Documents on a page.
const LINES: usize = 50;

#[derive(askama::Template)]
#[template(path = "documents.html")]
struct Documents {
    frame: Frame,
    asked: Asked,
    /// The boxes are ticked already.
    is_ticked: bool,
    total: u64,
    /// How many the filter leaves.
    found: u64,
    /// Whether the filter leaves more than this page shows.
    is_more: bool,
    /// This page, with its boxes ticked.
    ticked: String,
    may_act: bool,
    may_publish: bool,
    /// The categories that there are.
    categories: Vec<String>,
    /// Who may be let in, by the key of each.
    contacts: Choice,
    documents: Vec<Shown>,
    /// Where the pages around this one begin.
    previous: Option<String>,
    next: Option<String>,
}

struct Shown {
    id: String,
    icon: String,
    title: String,
    level: AccessLevel,
    publication: String,
    is_published: bool,
    source: Option<Badge>,
    edited: String,
    checked: String,
}

/// Which documents somebody asks for, and in which order.
pub struct Asked {
    pub filter: DocumentFilter,
    pub order: DocumentOrder,
}

impl Asked {
    /// Reads what a form or an address says. What it does not know asks for nothing.
    pub fn read(fields: &Fields) -> Self {
        let (state, source, order) = (fields.text("state"), fields.text("source"), fields.text("sort"));
        Self {
            filter: DocumentFilter {
                text: fields.text("q").to_owned(),
                level: fields.text("level").parse().ok(),
                state: PublicationState::ALL.into_iter().find(|known| known.as_str() == state),
                source: SourceFilter::ALL.into_iter().find(|known| known.as_str() == source),
                connection: fields.text("connection").parse().ok(),
            },
            order: DocumentOrder::ALL.into_iter().find(|known| known.as_str() == order).unwrap_or_default(),
        }
    }

    /// Returns the same as fields, without those that ask for nothing.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let DocumentFilter { text, level, state, source, connection } = &self.filter;
        let fields = [
            ("q", Some(text.clone()).filter(|text| !text.is_empty())),
            ("level", level.map(|level| level.to_string())),
            ("state", state.map(|state| state.as_str().to_owned())),
            ("source", source.map(|source| source.as_str().to_owned())),
            ("connection", connection.map(|connection| connection.to_string())),
            ("sort", Some(self.order).filter(|order| *order != DocumentOrder::default()).map(sort)),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn address(&self, name: &str, value: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.fields()).append_pair(name, value);
        format!("/documents?{}", query.finish())
    }

    /// Returns this page, with its boxes ticked.
    fn ticked(&self, fields: &Fields) -> String {
        let mut address = self.address("ticked", "yes");
        for name in ["after", "before"] {
            if let Some(place) = fields.given(name) {
                address.push_str(&format!("&{name}={place}"));
            }
        }
        address
    }

    fn levels(&self) -> Vec<(&'static str, &'static str, bool)> {
        let of = |level: AccessLevel| (level.as_str(), words::level(level), self.filter.level == Some(level));
        AccessLevel::ALL.into_iter().map(of).collect()
    }

    fn states(&self) -> Vec<(&'static str, &'static str, bool)> {
        let of = |state: PublicationState| {
            (state.as_str(), words::state_of(state), self.filter.state == Some(state))
        };
        PublicationState::ALL.into_iter().map(of).collect()
    }

    fn sources(&self) -> Vec<(&'static str, &'static str, bool)> {
        let of = |source: SourceFilter| {
            (source.as_str(), words::source_filter(source), self.filter.source == Some(source))
        };
        SourceFilter::ALL.into_iter().map(of).collect()
    }

    fn orders(&self) -> Vec<(&'static str, &'static str, bool)> {
        let of = |order: DocumentOrder| (order.as_str(), words::order(order), self.order == order);
        DocumentOrder::ALL.into_iter().map(of).collect()
    }
}

fn sort(order: DocumentOrder) -> String {
    order.as_str().to_owned()
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff()?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let asked = Asked::read(&fields);
    let query = DocumentQuery {
        filter: asked.filter.clone(),
        order: asked.order,
        place: place(&fields),
        limit: LINES,
    };
    let listed = app.stores.access.documents(&staff.actor, &query).await?;
    let insider = staff.actor.insider().map_err(|_| Problem::not_your_role())?;
    let total = app.stores.access.count_documents(insider, &DocumentFilter::default()).await?;
    let found = match asked.filter == DocumentFilter::default() {
        true => total,
        false => app.stores.access.count_documents(insider, &asked.filter).await?,
    };
    let may = |action| staff.actor.may(action).is_ok();
    page(&Documents {
        is_ticked: fields.is_on("ticked"),
        ticked: asked.ticked(&fields),
        may_act: [Action::Publish, Action::Assign, Action::Import].into_iter().any(may),
        may_publish: may(Action::Publish),
        categories: app.stores.access.list_categories(staff.actor.tenant).await?,
        contacts: Choice::of(&app, &staff).await?,
        is_more: found > listed.documents.len() as u64,
        total,
        found,
        documents: listed.documents.iter().map(shown).collect(),
        previous: listed.previous.map(|before| asked.address("before", &before.to_string())),
        next: listed.next.map(|after| asked.address("after", &after.to_string())),
        asked,
        frame: Frame::new(&app, &visitor, "Documents").await?,
    })
}

/// Where a page of a list begins, by its address. What makes no sense is the beginning.
pub fn place(fields: &Fields) -> Place {
    match (fields.text("after").parse(), fields.text("before").parse()) {
        (Ok(after), _) => Place::After(after),
        (Err(_), Ok(before)) => Place::Before(before),
        (Err(_), Err(_)) => Place::Start,
    }
}

/// Every document of the actor's company that a filter leaves, newest first, `most` of them at most.
pub async fn every(
    app: &App,
    actor: &Actor,
    filter: &DocumentFilter,
    most: usize,
) -> Result<Vec<AdminDocument>, Problem> {
    let mut all = Vec::new();
    let mut query = DocumentQuery { filter: filter.clone(), ..DocumentQuery::newest(BATCH) };
    loop {
        query.limit = BATCH.min(most - all.len());
        let part = app.stores.access.documents(actor, &query).await?;
        all.extend(part.documents);
        if part.next.is_none() || all.len() >= most {
            return Ok(all);
        }
        query = query.after(part.next);
    }
}

/// How many documents a connection keeps fresh.
pub async fn linked_through(app: &App, actor: &Actor, connection: ConnectionId) -> Result<u64, Problem> {
    let insider = actor.insider().map_err(|_| Problem::not_your_role())?;
    let filter = DocumentFilter { connection: Some(connection), ..DocumentFilter::default() };
    Ok(app.stores.access.count_documents(insider, &filter).await?)
}

fn shown(known: &AdminDocument) -> Shown {
    let (document, facts) = (&known.document, &known.facts);
    let link = document.link.as_ref();
    Shown {
        id: document.id.to_string(),
        icon: link.map_or_else(|| "📄".to_owned(), |link| words::icon(&link.source)),
        title: words::title(&document.title.text),
        level: facts.level,
        publication: words::publication(facts.publication),
        is_published: matches!(facts.publication, Publication::Published(_)),
        source: words::source_badge(link).or_else(|| link?.trouble.as_ref().map(|_| words::NOT_REACHABLE)),
        edited: link.map_or_else(String::new, |link| words::moment(link.source.edited_at)),
        checked: link.map_or_else(String::new, |link| words::away(link.checked_at, Utc::now())),
    }
}
