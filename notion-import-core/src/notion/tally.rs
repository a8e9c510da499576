//! How many requests were sent, by what they ask for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::connection::Requests;

/// Counts requests as they are sent. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    search: AtomicU32,
    query: AtomicU32,
    look: AtomicU32,
    blocks: AtomicU32,
    other: AtomicU32,
}

impl Tally {
    /// Counts one request for what is at `path`, below `/v1/`.
    pub(super) fn count(&self, path: &[&str]) {
        let Counts { search, query, look, blocks, other } = &*self.0;
        let of_its_kind = match path {
            ["search"] => search,
            [.., "query"] => query,
            ["pages" | "data_sources" | "databases", _] => look,
            ["blocks", ..] => blocks,
            _ => other,
        };
        of_its_kind.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the counts until now.
    pub(crate) fn requests(&self) -> Requests {
        let Counts { search, query, look, blocks, other } = &*self.0;
        let count = |of_its_kind: &AtomicU32| of_its_kind.load(Ordering::Relaxed);
        Requests {
            search: count(search),
            query: count(query),
            look: count(look),
            blocks: count(blocks),
            other: count(other),
        }
    }
}
