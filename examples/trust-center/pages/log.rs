//! What is kept of readers as files to take along: all of a log, or what its page is narrowed to, newest first.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::stream;
use notion_import_core::{Action, ContactId, StoreError};
use serde::Serialize;

use super::{Answer, Shared, acceptances, download, readings};
use crate::app::App;
use crate::fields::Fields;
use crate::names::Names;
use crate::problem::Problem;
use crate::session::{Staff, Visitor};

/// Entries that are read at once.
pub const BATCH: usize = 500;

/// A log that is read in parts.
pub trait Log: Sized + Send + 'static {
    /// As JSON has it.
    type Entry: Serialize + Send + Sync;
    /// As a table has it.
    type Line: Serialize;

    /// Reads the next part, and returns how to read on; none at the end.
    fn read(
        self,
        app: &App,
        staff: &Staff,
    ) -> impl Future<Output = Result<(Vec<Self::Entry>, Option<Self>), StoreError>> + Send;

    fn contact(entry: &Self::Entry) -> ContactId;

    fn line(entry: &Self::Entry, names: &Names) -> Self::Line;
}

#[derive(Clone, Copy)]
enum Form {
    Csv,
    JsonLines,
}

pub async fn export(
    State(app): Shared,
    visitor: Visitor,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let staff = visitor.staff_who_may(Action::Assign)?;
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let (log, form) = match name.rsplit_once('.') {
        Some((log, "csv")) => (log, Form::Csv),
        Some((log, "jsonl")) => (log, Form::JsonLines),
        _ => return Err(Problem::not_found()),
    };
    match log {
        "readings" => Ok(file(&name, form, (app, staff), readings::asked(&fields, BATCH)?)),
        "acceptances" => Ok(file(&name, form, (app, staff), acceptances::asked(&fields, BATCH)?)),
        _ => Err(Problem::not_found()),
    }
}

fn file<L: Log>(name: &str, form: Form, (app, staff): (Arc<App>, Staff), log: L) -> Response {
    let first = Some((log, true));
    let parts = stream::try_unfold((app, staff, first), move |(app, staff, next)| async move {
        let Some((log, is_first)) = next else { return Ok(None) };
        let (entries, next) = log.read(&app, &staff).await?;
        let part = match form {
            Form::Csv => {
                let names = Names::of(&app, &staff, entries.iter().map(L::contact)).await?;
                csv::<L>(&entries, &names, is_first)
            }
            Form::JsonLines => json_lines::<L>(&entries),
        };
        let part = part.map_err(StoreError::backend)?;
        Ok::<_, StoreError>(Some((part, (app, staff, next.map(|next| (next, false))))))
    });
    let media_type = match form {
        Form::Csv => "text/csv; charset=utf-8",
        Form::JsonLines => "application/jsonl",
    };
    download(media_type, name, Body::from_stream(parts))
}

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn csv<L: Log>(entries: &[L::Entry], names: &Names, is_first: bool) -> Result<Vec<u8>, Failed> {
    let mut lines = csv::WriterBuilder::new().has_headers(is_first).from_writer(Vec::new());
    for entry in entries {
        lines.serialize(L::line(entry, names))?;
    }
    Ok(lines.into_inner()?)
}

fn json_lines<L: Log>(entries: &[L::Entry]) -> Result<Vec<u8>, Failed> {
    let mut lines = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut lines, entry)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// A moment as a program reads it.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// No program for tables takes it for a formula.
pub fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
