//! `POST /v1/search`: titles, late and with gaps, as in Notion.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::grant::Granted;
use super::list::{Listing, Window, request_status};
use super::object::{Entry, Kind, Node, words};
use super::reply::{Outcome, Refusal};
use super::retrieve::Ask;
use super::route::only_fields;
use super::state::{State, wire};
use super::version::Version;

struct Wanted {
    words: String,
    pages: bool,
    data_sources: bool,
    in_trash: bool,
    order: Order,
}

#[derive(PartialEq)]
enum Order {
    NewestFirst,
    OldestFirst,
    Relevance,
}

impl State {
    pub fn search(&self, ask: &Ask<'_>) -> Outcome {
        let body = ask.call.json()?;
        only_fields(&body, "body", &["query", "filter", "sort", "start_cursor", "page_size"])?;
        let wanted = Wanted::of(&body, ask.version)?;
        let window = Window::of_body(&body)?;
        let listed = self.nodes.values().filter(|node| self.lists(ask.grant, node));
        let mut found: Vec<(&Node, Entry)> = listed
            .filter_map(|node| Some((node, self.known(node, ask.now)?)))
            .filter(|(node, entry)| wanted.matches(node, entry))
            .collect();
        found.sort_by(|one, other| wanted.compare(one, other));
        let is_cut = self.rules.search_cap.map(|cap| found.len() > cap);
        found.truncate(self.rules.search_cap.unwrap_or(usize::MAX));
        let key = format!("search {} {} {}", body["query"], body["filter"], body["sort"]);
        let listing = Listing { key: &key, kind: "page_or_data_source", items: found };
        let mut list =
            self.page_of_list(&listing, &window, |(node, entry)| self.as_known(node, entry, ask.now))?;
        if let Some(is_cut) = is_cut {
            list["request_status"] = request_status(is_cut);
        }
        Ok(list)
    }

    /// Whether search ever lists an object to the holder of a grant.
    fn lists(&self, grant: &Granted, node: &Node) -> bool {
        let searchable = match node.kind {
            Kind::Page(_) | Kind::DataSource { .. } => true,
            Kind::Database(_) | Kind::Block(_) => false,
        };
        // A database is granted as its container and found as its data sources.
        let root = self.lineage(node.id).take(2).any(|near| match near.kind {
            Kind::Page(_) | Kind::DataSource { .. } => near.id == node.id && grant.roots.contains(&near.id),
            Kind::Database(_) => grant.roots.contains(&near.id),
            Kind::Block(_) => false,
        });
        let known = || self.chance(&["unlisted", &node.id.to_string()]) >= self.rules.unlisted_share;
        searchable && self.sees(grant, node.id) && (root || known())
    }

    /// What search knows of an object by now: the last edit older than the lag.
    fn known(&self, node: &Node, now: DateTime<Utc>) -> Option<Entry> {
        let indexed =
            |node: &Node| node.entries.iter().rev().find(|entry| self.is_indexed(node, entry, now)).cloned();
        let mut entry = indexed(node)?;
        let above = self.lineage(node.id).skip(1);
        entry.in_trash |= above.filter_map(indexed).any(|up| up.in_trash);
        Some(entry)
    }

    /// Whether search has caught up with an edit.
    pub fn is_indexed(&self, node: &Node, entry: &Entry, now: DateTime<Utc>) -> bool {
        let lag = TimeDelta::from_std(self.rules.search_lag).unwrap_or(TimeDelta::MAX);
        let lag = match self.rules.search_lags_apart {
            true => {
                let share = self.chance(&["lag", &node.id.to_string(), &entry.at.to_string()]);
                TimeDelta::milliseconds((lag.num_milliseconds() as f64 * share) as i64)
            }
            false => lag,
        };
        now.signed_duration_since(entry.at) >= lag
    }

    /// The object as search knows it: its title and time may be older than the object's own.
    fn as_known(&self, node: &Node, entry: &Entry, now: DateTime<Utc>) -> Value {
        let mut object = match &node.kind {
            Kind::Page(page) => {
                let mut object = self.page_object(node, page, None, now);
                object["properties"][self.title_name(node)]["title"] = entry.title.clone();
                object
            }
            Kind::DataSource { about, columns } => {
                let mut object = self.data_source_object(node, about, columns, now);
                object["title"] = entry.title.clone();
                object
            }
            Kind::Database(_) | Kind::Block(_) => Value::Null,
        };
        object["last_edited_time"] = json!(wire(entry.edited));
        object["in_trash"] = json!(entry.in_trash);
        object
    }
}

impl Wanted {
    fn of(body: &Value, version: Version) -> Outcome<Self> {
        let words = match &body["query"] {
            Value::Null => String::new(),
            Value::String(query) => query.to_lowercase(),
            _ => {
                return Err(
                    Refusal::invalid("body failed validation: body.query should be a string.").violation()
                );
            }
        };
        let filter = &body["filter"];
        only_fields(filter, "body.filter", &["property", "value", "in_trash"])?;
        let (pages, data_sources) = match (filter["property"].as_str(), filter["value"].as_str()) {
            (Some("object"), Some("page")) => (true, false),
            (Some("object"), Some(table)) if table == version.table() => (false, true),
            (None, None) if filter.is_null() || filter["in_trash"].is_boolean() => (true, true),
            _ => {
                let table = version.table();
                let message = format!(
                    "body failed validation: body.filter.value should be `\"page\"` or `\"{table}\"`."
                );
                return Err(Refusal::invalid(message).violation());
            }
        };
        let in_trash = filter["in_trash"].as_bool().unwrap_or(false);
        Ok(Self { words, pages, data_sources, in_trash, order: Order::of(&body["sort"])? })
    }

    fn matches(&self, node: &Node, entry: &Entry) -> bool {
        let kind = match node.kind {
            Kind::Page(_) => self.pages,
            Kind::DataSource { .. } => self.data_sources,
            Kind::Database(_) | Kind::Block(_) => false,
        };
        kind && entry.in_trash == self.in_trash && words(&entry.title).to_lowercase().contains(&self.words)
    }

    fn compare(&self, one: &(&Node, Entry), other: &(&Node, Entry)) -> std::cmp::Ordering {
        let newest = other.1.edited.cmp(&one.1.edited).then(other.0.age.cmp(&one.0.age));
        match self.order {
            Order::NewestFirst => newest,
            Order::OldestFirst => newest.reverse(),
            Order::Relevance => {
                let begins = |entry: &Entry| words(&entry.title).to_lowercase().starts_with(&self.words);
                begins(&other.1).cmp(&begins(&one.1)).then(newest)
            }
        }
    }
}

impl Order {
    fn of(sort: &Value) -> Outcome<Self> {
        only_fields(sort, "body.sort", &["timestamp", "direction", "property"])?;
        let told = (sort["timestamp"].as_str(), sort["direction"].as_str(), sort["property"].as_str());
        match told {
            (None, None, None) if sort.is_null() => Ok(Self::NewestFirst),
            (Some("last_edited_time"), Some("descending"), None) => Ok(Self::NewestFirst),
            (Some("last_edited_time"), Some("ascending"), None) => Ok(Self::OldestFirst),
            (None, None, Some("relevance")) => Ok(Self::Relevance),
            _ => {
                let message =
                    "body failed validation: body.sort should order by `last_edited_time` or `relevance`.";
                Err(Refusal::invalid(message).violation())
            }
        }
    }
}
