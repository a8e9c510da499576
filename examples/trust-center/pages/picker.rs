//! Choosing what to import, and watching it arrive.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use notion_import_core::{
    Action, ConnectionRecord, ConnectionState, Entry, Listing, NotionId, Pick, Query, QueryKind, Shape,
    SourceKind,
};
use uuid::Uuid;

use super::frame::{Frame, page};
use super::{Address, Answer, Shared, see};
use crate::app::App;
use crate::fields::Fields;
use crate::problem::Problem;
use crate::progress::{ImportId, Line, Progress, Verdict};
use crate::session::{Staff, Visitor};
use crate::words;

#[derive(askama::Template)]
#[template(path = "picker.html")]
struct Picker {
    frame: Frame,
    /// The workspace; none if nothing is connected.
    workspace: Option<String>,
    words: String,
    kind: &'static str,
    link: String,
    /// Where this part of the list begins; empty at the beginning.
    after: String,
    /// The boxes are ticked already.
    is_ticked: bool,
    entries: Vec<Shown>,
    next: Option<String>,
    /// Notion shows no more, though there is more.
    is_capped: bool,
    /// What to say if nothing was found.
    empty: &'static str,
}

impl Picker {
    fn is_kind(&self, kind: &str) -> bool {
        self.kind == kind
    }
}

struct Shown {
    value: String,
    icon: String,
    title: String,
    kind: &'static str,
    edited: String,
    document: Option<String>,
    is_database: bool,
}

const NO_MATCH: &str = "No title matches. Notion searches titles only, and what was shared or renamed a moment ago may take \
                        a minute to appear. You can always paste a page's link.";
const NOTHING_SHARED: &str = "This connection sees no page yet. In Notion, open a page, choose ••• → Connections and add the \
                              integration; everything below that page comes with it.";
const NO_LINK: &str =
    "That is no link to a page or database in Notion. In Notion, open it and choose ••• → Copy link.";
const NOT_SHARED: &str = "This connection does not see what the link leads to: it is not shared with it, or is there no more. In \
                          Notion, open it, choose ••• → Connections and add the integration.";

pub async fn show(State(app): Shared, visitor: Visitor, RawQuery(query): RawQuery) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let mut picker = Picker {
        frame: Frame::new(&app, &visitor, "Import from Notion").await?,
        workspace: None,
        words: fields.text("q").to_owned(),
        kind: fields.given("kind").map_or("any", kind_name),
        link: fields.text("link").to_owned(),
        after: fields.text("after").to_owned(),
        is_ticked: fields.is_on("ticked"),
        entries: Vec::new(),
        next: None,
        is_capped: false,
        empty: NOTHING_SHARED,
    };
    let Some(record) = connected(&app, &staff).await? else { return page(&picker) };
    picker.workspace = Some(record.workspace.name.clone());
    let found = find(&app, &staff, &record, &picker).await?;
    let is_shared = found.is_some();
    let found = found.unwrap_or_else(|| whole(Vec::new()));
    picker.entries = found.entries.into_iter().map(shown).collect();
    picker.is_capped = found.is_capped && found.next.is_none();
    picker.next = found.next;
    picker.empty = match (picker.link.is_empty(), picker.words.is_empty() && picker.kind == "any") {
        (false, _) if is_shared => NO_LINK,
        (false, _) => NOT_SHARED,
        (true, false) => NO_MATCH,
        (true, true) => NOTHING_SHARED,
    };
    page(&picker)
}

fn kind_name(name: &str) -> &'static str {
    match name {
        "page" => "page",
        "database" => "database",
        _ => "any",
    }
}

async fn connected(app: &App, staff: &Staff) -> Result<Option<ConnectionRecord>, Problem> {
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
    picker: &Picker,
) -> Result<Option<Listing>, Problem> {
    let connection = record.connection();
    let found = if picker.link.is_empty() {
        let kind = match picker.kind {
            "page" => QueryKind::Pages,
            "database" => QueryKind::DataSources,
            _ => QueryKind::Any,
        };
        let after = Some(picker.after.clone()).filter(|after| !after.is_empty());
        let query = Query { words: picker.words.clone(), kind, after };
        app.importer.browse(&staff.actor, &connection, &query).await
    } else {
        app.importer.resolve_link(&staff.actor, &connection, &picker.link).await.map(whole)
    };
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn shown(entry: Entry) -> Shown {
    let source = &entry.source;
    let title = words::title(&source.title);
    let tag = match source.kind {
        SourceKind::Page => "page",
        SourceKind::DataSource => "database",
    };
    Shown {
        value: format!("{tag} {} {title}", source.id),
        icon: words::icon(source),
        kind: words::kind(source),
        edited: words::moment(source.edited_at),
        document: entry.imported.map(|id| id.to_string()),
        is_database: source.kind == SourceKind::DataSource,
        title,
    }
}

pub async fn begin(State(app): Shared, visitor: Visitor, body: Bytes) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    let record = connected(&app, &staff).await?.ok_or_else(|| Problem::form("Connect Notion first."))?;
    let fields = Fields::read(&body);
    let picks: HashMap<Pick, String> =
        fields.distinct("pick").into_iter().filter_map(|value| picked(value, &fields)).collect();
    if picks.is_empty() {
        return Err(Problem::form("Nothing was ticked. Go back and choose at least one page or database."));
    }
    let number = app.jobs.begin(&app, staff.actor, record.id, picks);
    see(Address::Import(number))
}

fn picked(value: &str, fields: &Fields) -> Option<(Pick, String)> {
    let mut parts = value.splitn(3, ' ');
    let (kind, id, title) = (parts.next()?, parts.next()?.parse::<NotionId>().ok()?, parts.next()?);
    let pick = match kind {
        "page" if fields.is_on("markdown") => Pick::page(id).shaped(Shape::Markdown),
        "page" => Pick::page(id),
        "database" if fields.is_on("rows") => Pick::data_source(id).shaped(Shape::Rows),
        "database" => Pick::data_source(id),
        _ => return None,
    };
    Some((pick, title.to_owned()))
}

#[derive(askama::Template)]
#[template(path = "import.html")]
struct ImportPage {
    frame: Frame,
    number: Uuid,
    done: usize,
    /// What failed, then the last that was done.
    lines: Vec<Line>,
    /// How many are not shown.
    hidden: usize,
    progress: Progress,
}

/// Lines on the page of an import.
const LINES: usize = 200;

pub async fn progress(State(app): Shared, visitor: Visitor, Path(number): Path<Uuid>) -> Answer {
    let staff = visitor.staff()?;
    let id = ImportId { tenant: staff.actor.tenant, number };
    let mut progress = app.jobs.progress(id).ok_or_else(Problem::not_found)?;
    let title = progress.what.clone().unwrap_or_else(|| "Import".to_owned());
    let frame = Frame::new(&app, &visitor, title).await?;
    let frame = if progress.ended.is_some() { frame } else { frame.again_in(1) };
    let done = progress.lines.len();
    let (mut lines, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut progress.lines)
        .into_iter()
        .partition(|line| matches!(line.verdict, Verdict::Failed(_)));
    lines.extend(rest.into_iter().rev());
    lines.truncate(LINES);
    page(&ImportPage { frame, number, done, hidden: done - lines.len(), lines, progress })
}

pub async fn cancel(State(app): Shared, visitor: Visitor, Path(number): Path<Uuid>) -> Answer {
    let staff = visitor.staff_who_may(Action::Import)?;
    let id = ImportId { tenant: staff.actor.tenant, number };
    app.jobs.progress(id).ok_or_else(Problem::not_found)?;
    app.jobs.cancel(id);
    see(Address::Import(number))
}

impl Verdict {
    fn badge(&self) -> words::Badge {
        match self {
            Self::Created => words::Badge { style: "good", text: "Imported" },
            Self::NewVersion => words::Badge { style: "good", text: "New version" },
            Self::Unchanged | Self::Left => words::Badge { style: "quiet", text: "Unchanged" },
            Self::Done(_) => words::Badge { style: "good", text: "Done" },
            Self::Failed(_) => words::Badge { style: "bad", text: "Failed" },
        }
    }

    fn reason(&self) -> &str {
        match self {
            Self::Created => "Internal, a draft: nobody outside sees it until you publish it.",
            Self::NewVersion => "Not published: readers still see the version before it.",
            Self::Unchanged => "It says what it said before.",
            Self::Done(what) => what,
            Self::Left => "It was so already.",
            Self::Failed(reason) => reason,
        }
    }
}
