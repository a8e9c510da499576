//! Enumerations: every element once, or an error. Never a part taken for the whole.

use std::collections::HashSet;

use futures_util::Stream;
use futures_util::stream::{self, TryStreamExt};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::Api;
use crate::error::{Error, NotionCode};
use crate::id::NotionId;

/// The most a page of a list may hold, and what is asked for until Notion finds it too much.
const LARGEST_PAGE: usize = 100;

/// How often an enumeration begins anew because its cursor lapsed.
const RESTARTS: u32 = 3;

/// What is enumerated, by an id that is its own.
pub(crate) trait Element: DeserializeOwned + Send {
    /// It tells two elements apart, where Notion gave it an id.
    fn id(&self) -> Option<NotionId>;
}

/// Where a list is asked for.
pub(crate) enum Endpoint {
    /// With its paging in the query string.
    Get(Vec<String>),
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
    done: bool,
    element: std::marker::PhantomData<fn() -> T>,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Envelope<T> {
    results: Vec<T>,
    #[serde(default)]
    next_cursor: Option<String>,
    #[serde(default)]
    has_more: bool,
    #[serde(default)]
    request_status: Option<RequestStatus>,
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
            done: false,
            element: std::marker::PhantomData,
        }
    }

    /// It asks for smaller pages than the largest.
    pub(crate) fn pages_of(mut self, size: usize) -> Self {
        self.page_size = size.clamp(1, LARGEST_PAGE);
        self
    }

    /// It goes on where an earlier enumeration stopped.
    pub(crate) fn from(mut self, cursor: Option<String>) -> Self {
        self.cursor = cursor;
        self
    }

    /// Where the next page begins; none at the end.
    pub(crate) fn cursor(&self) -> Option<String> {
        self.cursor.clone().filter(|_| !self.done)
    }

    /// It returns the next elements, or none at the end. A page may be empty without being the last.
    pub(crate) async fn next_page(&mut self) -> Result<Option<Vec<T>>, Error> {
        while !self.done {
            match self.ask().await {
                Ok(envelope) => return self.take(envelope).map(Some),
                Err(error) => self.recover(error)?,
            }
        }
        Ok(None)
    }

    /// It returns every element.
    pub(crate) async fn all(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.next_page().await? {
            all.extend(page);
        }
        Ok(all)
    }

    /// It returns the elements one by one; it ends after the first error.
    pub(crate) fn stream(self) -> impl Stream<Item = Result<T, Error>> + Send {
        let pages = stream::try_unfold(self, |mut list| async move {
            Ok::<_, Error>(list.next_page().await?.map(|page| (stream::iter(page.into_iter().map(Ok)), list)))
        });
        pages.try_flatten()
    }

    async fn ask(&self) -> Result<Envelope<T>, Error> {
        match &self.endpoint {
            Endpoint::Get(path) => {
                let size = self.page_size.to_string();
                let cursor = self.cursor.as_deref().map(|cursor| ("start_cursor", cursor));
                let query: Vec<_> = [("page_size", size.as_str())].into_iter().chain(cursor).collect();
                self.api.get(&borrowed(path), &query).await
            }
            Endpoint::Post(path, body) => {
                let mut body = body.clone();
                body["page_size"] = json!(self.page_size);
                if let Some(cursor) = &self.cursor {
                    body["start_cursor"] = json!(cursor);
                }
                self.api.post(&borrowed(path), &body).await
            }
        }
    }

    fn take(&mut self, envelope: Envelope<T>) -> Result<Vec<T>, Error> {
        if envelope.request_status.is_some_and(|status| status.r#type == "incomplete") {
            return Err(Error::Incomplete("Notion capped the number of results"));
        }
        match (envelope.has_more, envelope.next_cursor) {
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

    /// It changes what the next request asks for, if that can help.
    fn recover(&mut self, error: Error) -> Result<(), Error> {
        let Error::Notion(notion) = &error else { return Err(error) };
        match notion.code {
            NotionCode::InvalidCursor
                if self.cursor.is_some() && self.restarts < RESTARTS && !self.has_nameless =>
            {
                // What was seen is not returned again; what was not is still to come.
                self.restarts += 1;
                self.cursor = None;
                self.cursors.clear();
                Ok(())
            }
            NotionCode::RenderingBudget if self.page_size > 1 => {
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
}

fn borrowed(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}
