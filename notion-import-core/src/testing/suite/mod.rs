//! The conformance suites: what every store promises, one function a promise.
//!
//! A store's crate runs them against itself, a fresh store for each promise:
//!
//! ```
//! use std::sync::Arc;
//! use notion_import_core::MemoryConnections;
//! use notion_import_core::testing::suite;
//! use notion_import_core::testing::suite::connections;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let fresh = async || Arc::new(MemoryConnections::default()) as Arc<dyn connections::AuditedConnections>;
//! suite::uphold(connections::PROMISES, fresh).await;
//! # }
//! ```
//!
//! A store of documents alone is held to [`documents`], to [`reading`] if it is also a [`DocumentReader`](crate::DocumentReader), and with
//! the blobs it is used with to [`sweeping`]; with an `AccessStore` to [`access`]. One audit for documents and connections
//! ([`audited`]) wants both from one hand.

use std::fmt;

use futures_util::future::BoxFuture;

use crate::error::StoreError;

/// Breaks the promise, with a message, unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err($crate::testing::suite::Broken::new(format!($($message)+)));
        }
    };
}

/// Breaks the promise unless the two are equal.
macro_rules! ensure_eq {
    ($left:expr, $right:expr, $($message:tt)+) => {
        match (&$left, &$right) {
            (left, right) if left == right => {}
            (left, right) => {
                let message = format!($($message)+);
                return Err($crate::testing::suite::Broken::new(format!("{message}: {left:?} is not {right:?}")));
            }
        }
    };
}

/// Breaks the promise unless the call fails with this.
macro_rules! ensure_fails {
    ($call:expr, $error:pat, $($message:tt)+) => {
        match $call {
            Err($error) => {}
            Err(other) => {
                let message = format!($($message)+);
                return Err($crate::testing::suite::Broken::new(format!("{message}: failed with '{other}'")));
            }
            Ok(_) => {
                let message = format!($($message)+);
                return Err($crate::testing::suite::Broken::new(format!("{message}: succeeded")));
            }
        }
    };
}

macro_rules! promise {
    ($name:literal, $keep:path) => {
        $crate::testing::suite::Promise::new($name, |store| Box::pin($keep(store)))
    };
}

pub mod access;
pub mod audited;
pub mod blobs;
pub mod connections;
pub mod dispatch;
pub mod documents;
pub mod downloads;
pub mod erasing;
pub mod reading;
pub mod sweeping;
mod fixture;

pub use crate::library::title::title;
pub use access::Library;
pub use audited::Audited;
pub use fixture::{bytes, content, content_manager, minute, page, permit};
pub use reading::Reading;
pub use sweeping::Files;

/// What a store promises.
pub struct Promise<S> {
    /// The promise, in words.
    pub name: &'static str,
    keep: fn(S) -> BoxFuture<'static, Outcome>,
}

/// Whether a promise was kept.
pub type Outcome = Result<(), Broken>;

/// How a promise was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(String);

impl<S> Promise<S> {
    const fn new(name: &'static str, keep: fn(S) -> BoxFuture<'static, Outcome>) -> Self {
        Self { name, keep }
    }

    /// It holds a fresh store to the promise.
    ///
    /// # Errors
    /// [`Broken`] if the store breaks it.
    pub async fn check(&self, fresh: S) -> Outcome {
        (self.keep)(fresh).await
    }
}

/// Returns every promise a store breaks, each tried on a fresh one.
pub async fn broken<S>(promises: &[Promise<S>], fresh: impl AsyncFn() -> S) -> Vec<(&'static str, Broken)> {
    let mut broken = Vec::new();
    for promise in promises {
        if let Err(how) = promise.check(fresh().await).await {
            broken.push((promise.name, how));
        }
    }
    broken
}

/// Asserts that a store keeps every promise.
///
/// # Panics
/// With all the broken ones, if it does not.
pub async fn uphold<S>(promises: &[Promise<S>], fresh: impl AsyncFn() -> S) {
    let broken = broken(promises, fresh).await;
    let report: Vec<_> = broken.iter().map(|(name, how)| format!("\n  {name}\n    {how}")).collect();
    assert!(broken.is_empty(), "broken promises:{}", report.concat());
}

impl Broken {
    fn new(how: String) -> Self {
        Self(how)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self(format!("a call failed: {error:?}"))
    }
}
