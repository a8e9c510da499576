//! `POST /v1/data_sources/{id}/query`: rows, filtered by time.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;

use super::list::{Listing, Window, request_status};
use super::object::{Kind, Node, words};
use super::reply::{Outcome, Refusal};
use super::retrieve::Ask;
use super::route::only_fields;
use super::state::State;

/// `and` and `or` may be nested this deep.
const NESTING: usize = 2;

impl State {
    pub fn query(&self, ask: &Ask<'_>, id: &str) -> Outcome {
        ask.call.only_parameters(&["filter_properties", "filter_properties[]"])?;
        let body = ask.call.json()?;
        let known = ["filter", "sorts", "start_cursor", "page_size", "is_archived", "result_type"];
        only_fields(&body, "body", &known)?;
        let window = Window::of_body(&body)?;
        let source = match ask.version.has_data_sources() {
            true => self.find(ask, id, "data source")?,
            false => self.only_source(ask, id)?,
        };
        let Kind::DataSource { columns, .. } = &source.kind else {
            return Err(self.wrong_kind(source, "data source"));
        };
        let wanted = self.wanted(ask.call, columns)?;
        let filter = Filter::of(&body["filter"], 0)?;
        let sorts = body["sorts"].as_array().cloned().unwrap_or_default();
        let sorts: Vec<Sort> = sorts.iter().map(Sort::of).collect::<Outcome<_>>()?;
        let mut rows: Vec<&Node> = self.rows(source, &body).filter(|row| filter.admits(self, row)).collect();
        // Without sorts the order is unspecified; by id it is stable and tells nothing.
        rows.sort_by_key(|row| row.id);
        rows.sort_by(|one, other| self.compare(&sorts, one, other));
        let cut = rows.len() > self.rules.query_cap;
        rows.truncate(self.rules.query_cap);
        let key = format!("query {} {} {} {}", source.id, body["filter"], body["sorts"], body["is_archived"]);
        let listing = Listing { key: &key, kind: "page_or_data_source", items: rows };
        let mut list = self.page_of_list(&listing, &window, |row| match &row.kind {
            Kind::Page(page) => self.page_object(row, page, wanted.as_deref(), ask.now),
            Kind::DataSource { about, columns } => self.data_source_object(row, about, columns, ask.now),
            Kind::Database(_) | Kind::Block(_) => Value::Null,
        })?;
        list["request_status"] = request_status(cut);
        Ok(list)
    }

    fn rows<'a>(&'a self, source: &'a Node, body: &Value) -> impl Iterator<Item = &'a Node> {
        let archived = body["is_archived"].as_bool().unwrap_or(false);
        let pages = body["result_type"].as_str() != Some("data_source");
        let sources = body["result_type"].as_str() != Some("page");
        self.living(source).filter(move |row| match &row.kind {
            Kind::Page(page) => pages && page.archived == archived,
            // A wiki lists data sources among its rows.
            Kind::DataSource { .. } => sources && !archived,
            Kind::Database(_) | Kind::Block(_) => false,
        })
    }

    fn compare(&self, sorts: &[Sort], one: &Node, other: &Node) -> Ordering {
        sorts
            .iter()
            .fold(Ordering::Equal, |decided, sort| decided.then_with(|| sort.compare(self, one, other)))
    }
}

enum Filter {
    Everything,
    Time {
        of: Stamp,
        by: Comparison,
        value: Moment,
    },
    /// Of a property's words.
    Words {
        of: String,
        by: Wording,
        value: String,
    },
    All(Vec<Filter>),
    Any(Vec<Filter>),
}

#[derive(Clone, Copy)]
enum Stamp {
    Created,
    Edited,
}

#[derive(Clone, Copy)]
enum Wording {
    Equals,
    Differs,
    Contains,
}

#[derive(Clone, Copy)]
enum Comparison {
    Equals,
    Before,
    After,
    OnOrBefore,
    OnOrAfter,
}

/// A filter's value: a day counts as a whole.
enum Moment {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

impl Stamp {
    fn of(name: &str) -> Option<Self> {
        match name {
            "created_time" => Some(Self::Created),
            "last_edited_time" => Some(Self::Edited),
            _ => None,
        }
    }

    fn read(self, node: &Node) -> DateTime<Utc> {
        match self {
            Self::Created => node.created,
            Self::Edited => node.edited,
        }
    }
}

impl Filter {
    fn of(filter: &Value, depth: usize) -> Outcome<Self> {
        if filter.is_null() {
            return Ok(Self::Everything);
        }
        for (name, build) in [("and", Self::All as fn(Vec<Self>) -> Self), ("or", Self::Any)] {
            if let Some(parts) = filter[name].as_array() {
                if depth == NESTING {
                    return Err(Refusal::invalid("body.filter is nested too deeply").violation());
                }
                return Ok(build(
                    parts.iter().map(|part| Self::of(part, depth + 1)).collect::<Outcome<_>>()?,
                ));
            }
        }
        Self::timed(filter).or_else(|| Self::worded(filter)).ok_or_else(|| {
            let message =
                "body failed validation: this world filters by timestamp and by words; body.filter is another";
            Refusal::invalid(message).violation()
        })
    }

    fn timed(filter: &Value) -> Option<Self> {
        let name = filter["timestamp"].as_str()?;
        let (comparison, value) = filter[name].as_object()?.iter().next()?;
        let by = match comparison.as_str() {
            "equals" => Comparison::Equals,
            "before" => Comparison::Before,
            "after" => Comparison::After,
            "on_or_before" => Comparison::OnOrBefore,
            "on_or_after" => Comparison::OnOrAfter,
            _ => return None,
        };
        let value = value.as_str()?;
        let moment = match value.parse::<NaiveDate>() {
            Ok(day) => Moment::Day(day),
            Err(_) => Moment::Instant(DateTime::parse_from_rfc3339(value).ok()?.to_utc()),
        };
        Some(Self::Time { of: Stamp::of(name)?, by, value: moment })
    }

    fn worded(filter: &Value) -> Option<Self> {
        let of = filter["property"].as_str()?.to_owned();
        let fields = filter.as_object()?.iter().find(|(name, _)| *name != "property" && *name != "type")?.1;
        let (comparison, value) = fields.as_object()?.iter().next()?;
        let by = match comparison.as_str() {
            "equals" => Wording::Equals,
            "does_not_equal" => Wording::Differs,
            "contains" => Wording::Contains,
            _ => return None,
        };
        Some(Self::Words { of, by, value: value.as_str()?.to_owned() })
    }

    fn admits(&self, state: &State, row: &Node) -> bool {
        match self {
            Self::Everything => true,
            Self::All(parts) => parts.iter().all(|part| part.admits(state, row)),
            Self::Any(parts) => parts.iter().any(|part| part.admits(state, row)),
            Self::Words { of, by, value } => {
                let said = said(state, row, of);
                match by {
                    Wording::Equals => said == *value,
                    Wording::Differs => said != *value,
                    Wording::Contains => said.contains(value),
                }
            }
            Self::Time { of, by, value } => {
                let time = of.read(row);
                let order = match value {
                    Moment::Day(day) => time.date_naive().cmp(day),
                    Moment::Instant(instant) => time.cmp(instant),
                };
                by.admits(order)
            }
        }
    }
}

impl Comparison {
    fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Equals => order.is_eq(),
            Self::Before => order.is_lt(),
            Self::After => order.is_gt(),
            Self::OnOrBefore => order.is_le(),
            Self::OnOrAfter => order.is_ge(),
        }
    }
}

enum Sort {
    Time(Stamp, bool),
    Property(String, bool),
}

impl Sort {
    fn of(sort: &Value) -> Outcome<Self> {
        only_fields(sort, "body.sorts", &["timestamp", "property", "direction"])?;
        let descending = match sort["direction"].as_str() {
            Some("descending") => Some(true),
            Some("ascending") => Some(false),
            Some(_) | None => None,
        };
        let stamp = sort["timestamp"].as_str().and_then(Stamp::of);
        match (descending, stamp, sort["property"].as_str()) {
            (Some(descending), Some(stamp), None) => Ok(Self::Time(stamp, descending)),
            (Some(descending), None, Some(name)) => Ok(Self::Property(name.to_owned(), descending)),
            _ => Err(Refusal::invalid("body failed validation: body.sorts is no list of sorts.").violation()),
        }
    }

    fn compare(&self, state: &State, one: &Node, other: &Node) -> Ordering {
        let (order, descending) = match self {
            Self::Time(stamp, descending) => (stamp.read(one).cmp(&stamp.read(other)), descending),
            Self::Property(name, descending) => {
                (said(state, one, name).cmp(&said(state, other, name)), descending)
            }
        };
        if *descending { order.reverse() } else { order }
    }
}

/// A property's value as text, which is order enough for titles, names and dates.
fn said(state: &State, row: &Node, name: &str) -> String {
    let column = state.columns(row).into_iter().find(|column| column.answers_to(name));
    let value = column.map_or(Value::Null, |column| state.value(row, &column));
    match &value {
        Value::Array(_) => words(&value),
        Value::Object(fields) if fields.contains_key("name") => {
            value["name"].as_str().unwrap_or_default().to_owned()
        }
        other => other.to_string(),
    }
}
