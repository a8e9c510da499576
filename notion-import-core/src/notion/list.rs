//! Enumerations: every element once, or an error. Never a part taken for the whole.

use std::collections::HashSet;

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::Stream;
use futures_util::stream::{self, TryStreamExt};
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::{Api, Question};
use crate::error::{Error, NotionCode};
use crate::id::NotionId;

/// The most a page of a list may hold, and what is asked for until Notion finds it too much.
const LARGEST_PAGE: usize = 100;

/// How often an enumeration begins anew because its cursor expired.
const RESTARTS: u32 = 3;

/// What is enumerated, by an id that is its own.
pub(crate) trait Element: DeserializeOwned + Send {
    /// Tells two elements apart, where Notion gave it an id.
    fn id(&self) -> Option<NotionId>;

    /// When it was made, to the minute; none if its kind does not say.
    fn created_at(&self) -> Option<DateTime<Utc>>;
}

/// Where a list is asked for.
pub(crate) enum Endpoint {
    /// With its paging in the query string, beside what else that says.
    Get(Vec<String>, Vec<(&'static str, String)>),
    /// With its paging in the body, beside what else the body says.
    Post(Vec<String>, Value),
}

/// One enumeration.
pub(crate) struct List<T> {
    api: Api,
    endpoint: Endpoint,
    page_size: usize,
    cursor: Option<String>,
    cursors: HashSet<String>,
    seen: HashSet<NotionId>,
    restarts: u32,
    /// Some elements have no id, so what was seen of them could not be told from what is to come.
    has_nameless: bool,
    cap: Cap,
    capped: bool,
    /// What the last page said of the property whose values are listed.
    property: Option<Value>,
    done: bool,
    element: std::marker::PhantomData<fn() -> T>,
}

/// A query shows so many results and no more. What that means to an enumeration.
enum Cap {
    /// It is not complete, so it is none.
    Fails,
    /// What is shown is handed on, and after it comes the error.
    FailsLast,
    /// What is shown is all that is wanted.
    Suffices,
    /// What lies beyond is found by asking anew for what was made since, in the order of its making.
    Windows(Windows),
}

#[derive(Default)]
struct Windows {
    /// Where the window asked for begins.
    since: Option<DateTime<Utc>>,
    /// The latest that was found in it.
    latest: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Envelope<T> {
    results: Vec<T>,
    #[serde(default)]
    next_cursor: Option<String>,
    has_more: bool,
    #[serde(default)]
    request_status: Option<RequestStatus>,
    #[serde(default)]
    property_item: Option<Value>,
}

#[derive(Deserialize)]
struct RequestStatus {
    #[serde(default)]
    r#type: String,
}

impl<T: Element> List<T> {
    pub(crate) fn new(api: Api, endpoint: Endpoint) -> Self {
        Self {
            api,
            endpoint,
            page_size: LARGEST_PAGE,
            cursor: None,
            cursors: HashSet::new(),
            seen: HashSet::new(),
            restarts: 0,
            has_nameless: false,
            cap: Cap::Fails,
            capped: false,
            property: None,
            done: false,
            element: std::marker::PhantomData,
        }
    }

    /// Asks for smaller pages than the largest.
    pub(crate) fn pages_of(mut self, size: usize) -> Self {
        self.page_size = size.clamp(1, LARGEST_PAGE);
        self
    }

    /// Goes on beyond the number of results a query is capped at.
    pub(crate) fn beyond_the_cap(mut self) -> Self {
        if let Endpoint::Post(_, body) = &mut self.endpoint {
            // In the order of their making, so that an element edited meanwhile does not change its place.
            body["sorts"] = json!([{"timestamp": "created_time", "direction": "ascending"}]);
            self.cap = Cap::Windows(Windows::default());
        }
        self
    }

    /// Takes what is shown, whatever that leaves out.
    pub(crate) fn shown_only(mut self) -> Self {
        self.cap = Cap::Suffices;
        self
    }

    /// Hands on what is shown, and fails at its end if that is not all there is.
    pub(crate) fn shown_first(mut self) -> Self {
        self.cap = Cap::FailsLast;
        self
    }

    /// Goes on where an earlier enumeration stopped.
    pub(crate) fn from(mut self, cursor: Option<String>) -> Self {
        self.cursors.extend(cursor.clone());
        self.cursor = cursor;
        self
    }

    /// Where the next page begins; none at the end.
    pub(crate) fn cursor(&self) -> Option<String> {
        self.cursor.clone().filter(|_| !self.done)
    }

    /// Whether the last page was read.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Returns what the last page said of the property whose values are listed.
    pub(crate) fn property(&self) -> Option<&Value> {
        self.property.as_ref()
    }

    /// Whether Notion said that it shows less than there is.
    pub(crate) fn is_capped(&self) -> bool {
        self.capped
    }

    /// Returns the next elements, or none at the end. A page may be empty without being the last.
    pub(crate) async fn next_page(&mut self) -> Result<Option<Vec<T>>, Error> {
        while !self.done {
            match self.ask().await {
                Ok(envelope) => return self.take(envelope).map(Some),
                Err(error) => self.recover(error)?,
            }
        }
        match self.cap {
            Cap::FailsLast if self.capped => Err(capped()),
            Cap::Fails | Cap::FailsLast | Cap::Suffices | Cap::Windows(_) => Ok(None),
        }
    }

    /// Returns every element.
    pub(crate) async fn all(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        loop {
            match self.next_page().await {
                Ok(Some(page)) => all.extend(page),
                Ok(None) => return Ok(all),
                // Nothing was handed on yet, so even what has no id can be taken from the beginning.
                Err(error) if self.has_lapsed(&error) => {
                    all.clear();
                    self.seen.clear();
                    self.restart();
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns the elements one by one; it ends after the first error.
    pub(crate) fn stream(self) -> impl Stream<Item = Result<T, Error>> + Send {
        let pages = stream::try_unfold(self, |mut list| async move {
            Ok::<_, Error>(list.next_page().await?.map(|page| (stream::iter(page.into_iter().map(Ok)), list)))
        });
        pages.try_flatten()
    }

    async fn ask(&self) -> Result<Envelope<T>, Error> {
        let is_divisible = self.page_size > 1;
        match &self.endpoint {
            Endpoint::Get(path, asked) => {
                let size = self.page_size.to_string();
                let cursor = self.cursor.as_deref().map(|cursor| ("start_cursor", cursor));
                let asked = asked.iter().map(|(name, value)| (*name, value.as_str()));
                let paging = [("page_size", size.as_str())].into_iter().chain(cursor);
                let query: Vec<_> = asked.chain(paging).collect();
                let (method, path) = (Method::GET, &*borrowed(path));
                self.api.ask(&Question { method, path, query: &query, body: None, is_divisible }).await
            }
            Endpoint::Post(path, body) => {
                let mut body = body.clone();
                if let Cap::Windows(Windows { since: Some(since), .. }) = &self.cap {
                    body["filter"] = made_since(*since, &body["filter"]);
                }
                body["page_size"] = json!(self.page_size);
                if let Some(cursor) = &self.cursor {
                    body["start_cursor"] = json!(cursor);
                }
                let (method, path) = (Method::POST, &*borrowed(path));
                self.api.ask(&Question { method, path, query: &[], body: Some(&body), is_divisible }).await
            }
        }
    }

    fn take(&mut self, envelope: Envelope<T>) -> Result<Vec<T>, Error> {
        let is_capped = envelope.request_status.is_some_and(|status| status.r#type != "complete");
        self.capped |= is_capped;
        self.property = envelope.property_item.or(self.property.take());
        match &mut self.cap {
            Cap::Fails if is_capped => return Err(capped()),
            Cap::Fails | Cap::FailsLast | Cap::Suffices => {}
            Cap::Windows(windows) => {
                let made = envelope.results.iter().filter_map(Element::created_at);
                windows.latest = made.chain(windows.latest).max();
            }
        }
        match (envelope.has_more, envelope.next_cursor) {
            (false, _) if is_capped => self.next_window()?,
            (false, _) => self.done = true,
            (true, None) => return Err(Error::Incomplete("more results were announced, without a cursor")),
            (true, Some(cursor)) if !self.cursors.insert(cursor.clone()) => {
                return Err(Error::Incomplete("a cursor came twice"));
            }
            (true, Some(cursor)) => self.cursor = Some(cursor),
        }
        let mut page = envelope.results;
        page.retain(|element| match element.id() {
            Some(id) => self.seen.insert(id),
            None => {
                self.has_nameless = true;
                true
            }
        });
        Ok(page)
    }

    /// Asks for what was made since the latest that a capped query showed.
    fn next_window(&mut self) -> Result<(), Error> {
        let Cap::Windows(windows) = &mut self.cap else {
            self.done = true;
            return Ok(());
        };
        let latest = windows.latest.take().filter(|latest| Some(*latest) > windows.since);
        if latest.is_none() {
            return Err(Error::Incomplete("more was made in one minute than a query shows"));
        }
        windows.since = latest;
        self.cursor = None;
        self.cursors.clear();
        Ok(())
    }

    /// Changes what the next request asks for, if that can help.
    fn recover(&mut self, error: Error) -> Result<(), Error> {
        let Error::Notion(notion) = &error else { return Err(error) };
        match notion.code {
            // What was seen is not returned again; what was not is still to come.
            NotionCode::InvalidCursor if self.has_lapsed(&error) && !self.has_nameless => {
                self.restart();
                Ok(())
            }
            NotionCode::RenderingBudget | NotionCode::TooSlow if self.page_size > 1 => {
                self.page_size /= 2;
                Ok(())
            }
            NotionCode::Unavailable if self.page_size > 25 => {
                self.page_size /= 2;
                Ok(())
            }
            _ => Err(error),
        }
    }

    fn has_lapsed(&self, error: &Error) -> bool {
        let is_cursor = matches!(error, Error::Notion(notion) if notion.code == NotionCode::InvalidCursor);
        is_cursor && self.cursor.is_some() && self.restarts < RESTARTS
    }

    fn restart(&mut self) {
        self.restarts += 1;
        self.cursor = None;
        self.cursors.clear();
    }
}

fn capped() -> Error {
    Error::Incomplete("Notion capped the number of results")
}

fn made_since(since: DateTime<Utc>, filter: &Value) -> Value {
    let since = since.to_rfc3339_opts(SecondsFormat::Millis, true);
    let window = json!({"timestamp": "created_time", "created_time": {"on_or_after": since}});
    if filter.is_null() { window } else { json!({"and": [filter, window]}) }
}

fn borrowed(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}
