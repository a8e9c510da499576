//! Choosing what to import: a tree of what is found, and ticks that outlive the next search.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use notion_import_core::{
    Action, ConnectionRecord, ConnectionState, Entry, Listing, NotionId, Pick, Query, QueryKind, Shape,
    Shown, Source, SourceKind, SourceParent,
};
use url::Url;

use super::frame::{Frame, page};
use super::showing::chosen;
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};
use crate::words;

#[derive(askama::Template)]
#[template(path = "picker.html")]
struct Picker {
    frame: Frame,
    /// The workspace; none if nothing is connected.
    workspace: Option<String>,
    asked: Asked,
    branches: Vec<Branch>,
    /// How many are listed, and whether all of these are ticked.
    count: usize,
    all_ticked: bool,
    /// What was ticked and is not listed here.
    elsewhere: Vec<Ticked>,
    /// How many are ticked.
    ticked: usize,
    next: Option<String>,
    /// Notion shows no more, though there is more.
    is_capped: bool,
    /// What to say if nothing was found.
    empty: &'static str,
}

/// What is looked for, and what is done with what is found.
pub struct Asked {
    words: String,
    kind: &'static str,
    /// Where this part of the list begins; empty at the beginning.
    after: String,
    rows: bool,
    markdown: bool,
}

/// Something listed, and what stands below it.
#[derive(askama::Template)]
#[template(path = "branch.html")]
struct Branch {
    value: String,
    icon: String,
    title: String,
    kind: &'static str,
    edited: String,
    document: Option<String>,
    is_database: bool,
    is_ticked: bool,
    below: Vec<Branch>,
}

/// Something that was ticked on another part of the list.
struct Ticked {
    value: String,
    title: String,
}

const NO_MATCH: &str = "No title matches. Notion searches titles only, and what was shared or renamed a moment ago may take \
                        a minute to appear. You can always paste a page's link.";
const NOTHING_SHARED: &str = "This connection sees no page yet. In Notion, open a page, choose ••• → Connections and add the \
                              integration; everything below that page comes with it.";
const NO_LINK: &str =
    "That is no link to a page or database in Notion. In Notion, open it and choose ••• → Copy link.";
const NOT_SHARED: &str = "This connection does not see what the link leads to: it is not shared with it, or is there no more. In \
                          Notion, open it, choose ••• → Connections and add the integration.";

impl Asked {
    pub fn of(fields: &Fields) -> Self {
        Self {
            words: fields.text("q").trim().to_owned(),
            kind: match fields.text("kind") {
                "page" => "page",
                "database" => "database",
                _ => "any",
            },
            after: fields.text("after").to_owned(),
            rows: fields.is_on("rows"),
            markdown: fields.is_on("markdown"),
        }
    }

    /// Where this search is found again.
    fn address(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("q", &self.words).append_pair("kind", self.kind).append_pair("after", &self.after);
        format!("/import?{}", query.finish())
    }

    fn is_kind(&self, kind: &str) -> bool {
        self.kind == kind
    }

    /// Whether an address or an id was pasted instead of words.
    fn is_link(&self) -> bool {
        Url::parse(&self.words).is_ok_and(|url| url.has_host()) || self.words.parse::<NotionId>().is_ok()
    }

    /// What to say if nothing was found; `is_there` of a link that leads somewhere.
    fn empty(&self, is_there: bool) -> &'static str {
        match (self.is_link(), is_there) {
            (true, true) => NO_LINK,
            (true, false) => NOT_SHARED,
            (false, _) if self.words.is_empty() && self.kind == "any" => NOTHING_SHARED,
            (false, _) => NO_MATCH,
        }
    }
}

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    choose(&app, &visitor, &staff, Asked::of(&fields), &[], None).await
}

/// Goes on choosing, where a button says how, or imports what is ticked.
pub async fn post(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    let fields = Fields::read(&body);
    let ticked = fields.distinct("pick");
    let mut asked = Asked::of(&fields);
    match fields.text("go") {
        "" => begin(&app, staff, &ticked, &asked, chosen(&fields)?).await,
        "all" => choose(&app, &visitor, &staff, asked, &ticked, Some(true)).await,
        "none" => choose(&app, &visitor, &staff, asked, &ticked, Some(false)).await,
        "more" => {
            asked.after = fields.text("next").to_owned();
            choose(&app, &visitor, &staff, asked, &ticked, None).await
        }
        _ => {
            asked.after.clear();
            choose(&app, &visitor, &staff, asked, &ticked, None).await
        }
    }
}

/// Shows what is found, with what was ticked; `all` ticks or unticks whatever is listed.
async fn choose(
    app: &App,
    visitor: &Visitor,
    staff: &Staff,
    asked: Asked,
    ticked: &[&str],
    all: Option<bool>,
) -> Answer {
    let mut picker = Picker {
        frame: Frame::new(app, visitor, "Import from Notion").await?,
        workspace: None,
        asked,
        branches: Vec::new(),
        count: 0,
        all_ticked: false,
        elsewhere: Vec::new(),
        ticked: 0,
        next: None,
        is_capped: false,
        empty: NOTHING_SHARED,
    };
    let Some(record) = connected(app, staff).await? else { return page(&picker) };
    picker.workspace = Some(record.workspace.name.clone());
    let found = find(app, staff, &record, &picker.asked).await?;
    picker.empty = picker.asked.empty(found.is_some());
    let found = found.unwrap_or_else(|| whole(Vec::new()));
    let before: HashSet<NotionId> =
        ticked.iter().filter_map(|value| named(value)).map(|(_, id, _)| id).collect();
    let listed: HashSet<NotionId> = found.entries.iter().map(|entry| entry.source.id).collect();
    let elsewhere = ticked.iter().filter_map(|value| {
        let (_, id, title) = named(value)?;
        (!listed.contains(&id)).then(|| Ticked { value: (*value).to_owned(), title: title.to_owned() })
    });
    picker.elsewhere = elsewhere.collect();
    let is_ticked = |id: NotionId| all.unwrap_or_else(|| before.contains(&id));
    picker.count = found.entries.len();
    let here = found.entries.iter().filter(|entry| is_ticked(entry.source.id)).count();
    picker.all_ticked = here > 0 && here == picker.count;
    picker.ticked = here + picker.elsewhere.len();
    picker.is_capped = found.is_capped && found.next.is_none();
    picker.next = found.next;
    picker.branches = tree(found.entries, &is_ticked);
    page(&picker)
}

/// What a source is ticked by: its kind, its id and its title.
pub fn value(source: &Source) -> String {
    let tag = match source.kind {
        SourceKind::Page => "page",
        SourceKind::DataSource => "database",
    };
    format!("{tag} {} {}", source.id, words::title(&source.title))
}

/// The kind, the id and the title that something was ticked by.
fn named(value: &str) -> Option<(SourceKind, NotionId, &str)> {
    let mut parts = value.splitn(3, ' ');
    let (kind, id, title) = (parts.next()?, parts.next()?, parts.next()?);
    let kind = match kind {
        "page" => SourceKind::Page,
        "database" => SourceKind::DataSource,
        _ => return None,
    };
    Some((kind, id.parse().ok()?, title))
}

pub async fn connected(app: &App, staff: &Staff) -> Result<Option<ConnectionRecord>, Problem> {
    let records = app.connector.connections(staff.actor.tenant).await?;
    Ok(records.into_iter().find(|record| record.state == ConnectionState::Active))
}

fn whole(entries: Vec<Entry>) -> Listing {
    Listing { entries, next: None, is_capped: false }
}

/// Finds what is asked for; nothing if a link leads to what the connection does not see.
async fn find(
    app: &App,
    staff: &Staff,
    record: &ConnectionRecord,
    asked: &Asked,
) -> Result<Option<Listing>, Problem> {
    let connection = record.connection();
    let found = if asked.is_link() {
        app.importer.resolve_link(&staff.actor, &connection, &asked.words).await.map(whole)
    } else {
        let kind = match asked.kind {
            "page" => QueryKind::Pages,
            "database" => QueryKind::DataSources,
            _ => QueryKind::Any,
        };
        let after = Some(asked.after.clone()).filter(|after| !after.is_empty());
        let query = Query { words: asked.words.clone(), kind, after };
        app.importer.browse(&staff.actor, &connection, &query).await
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Puts each below what it stands in, if that is listed too. What stands in each other is listed all the same.
fn tree(entries: Vec<Entry>, is_ticked: &impl Fn(NotionId) -> bool) -> Vec<Branch> {
    let listed: HashSet<NotionId> = entries.iter().map(|entry| entry.source.id).collect();
    let mut below: HashMap<Option<NotionId>, Vec<Entry>> = HashMap::new();
    for entry in entries {
        let place = match entry.source.parent {
            Some(SourceParent::Page(id) | SourceParent::DataSource(id)) if listed.contains(&id) => Some(id),
            _ => None,
        };
        below.entry(place).or_default().push(entry);
    }
    let mut branches = branches(None, &mut below, is_ticked);
    while let Some(place) = below.keys().next().copied() {
        branches.extend(self::branches(place, &mut below, is_ticked));
    }
    branches
}

fn branches(
    place: Option<NotionId>,
    below: &mut HashMap<Option<NotionId>, Vec<Entry>>,
    is_ticked: &impl Fn(NotionId) -> bool,
) -> Vec<Branch> {
    let entries = below.remove(&place).unwrap_or_default();
    let mut made = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = entry.source.id;
        made.push(Branch {
            is_ticked: is_ticked(id),
            below: branches(Some(id), below, is_ticked),
            ..Branch::of(entry)
        });
    }
    made
}

impl Branch {
    fn of(entry: Entry) -> Self {
        let source = &entry.source;
        Self {
            value: value(source),
            icon: words::icon(source),
            kind: words::kind(source),
            edited: words::moment(source.edited_at),
            document: entry.imported.map(|id| id.to_string()),
            is_database: source.kind == SourceKind::DataSource,
            is_ticked: false,
            below: Vec::new(),
            title: words::title(&source.title),
        }
    }
}

/// Imports what is ticked; of databases, what was chosen to be shown.
async fn begin(
    app: &Arc<App>,
    staff: Staff,
    ticked: &[&str],
    asked: &Asked,
    chosen: Option<Shown>,
) -> Answer {
    let record = connected(app, &staff).await?.ok_or_else(|| Problem::form("Connect Notion first."))?;
    let picks: HashMap<Pick, String> = ticked.iter().filter_map(|value| picked(value, asked)).collect();
    if picks.is_empty() {
        return Err(Problem::form("Nothing was ticked. Choose at least one page or database."));
    }
    if picks.len() < ticked.len() {
        return Err(Problem::form("Not all of what was ticked is a page or database. Choose again."));
    }
    let databases = picks.keys().filter(|pick| pick.kind == SourceKind::DataSource);
    let chosen = databases.filter_map(|pick| Some((pick.id, chosen.clone()?))).collect();
    let number = app.jobs.begin(app, staff.actor, record.id, picks, chosen);
    see(Address::Import(number))
}

/// Returns what a value picks, and its title.
pub fn picked(value: &str, asked: &Asked) -> Option<(Pick, String)> {
    let (kind, id, title) = named(value)?;
    let pick = match kind {
        SourceKind::Page if asked.markdown => Pick::page(id).shaped(Shape::Markdown),
        SourceKind::Page => Pick::page(id),
        SourceKind::DataSource if asked.rows => Pick::data_source(id).shaped(Shape::Rows),
        SourceKind::DataSource => Pick::data_source(id),
    };
    Some((pick, title.to_owned()))
}
