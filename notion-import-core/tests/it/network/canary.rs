//! Marked values go down every way that ends in an error, and turn up where they must not nowhere.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use notion_import_core::error::Error;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Metadata, Subscriber};

use super::Line;
use super::matrix::{EMAIL, Furnished, WORDS, furnish, rows};

/// What every signed address carries.
const SIGNATURE: &str = "X-Amz-Signature";

#[tokio::test]
async fn no_fault_says_a_secret_or_a_customers_words() {
    let log = Log::default();
    // With a second one there, spans that another test comes to first are not switched off for this one.
    let _second = Dispatch::new(NoSubscriber::new());
    let _listening = tracing::subscriber::set_default(log.clone());
    let token = furnish().grant.token;
    let rows = rows(|furnished: &Furnished| {
        let (world, grant) = (furnished.world.clone(), furnished.grant.clone());
        async move { (Line::virtually(&world, &grant, Duration::ZERO), None) }
    })
    .await;
    let said: Vec<String> = rows.iter().filter_map(|row| row.outcome.as_ref().err()).map(chain).collect();
    assert!(said.len() > 30, "{}", said.len());
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("asking Notion again") && log.contains("tenant="), "{log}");
    for canary in [token.as_str(), SIGNATURE, WORDS, EMAIL] {
        assert!(!log.contains(canary), "{canary} is in the log");
        assert!(!said.iter().any(|text| text.contains(canary)), "{canary} is in an error: {said:#?}");
    }
    for row in &rows {
        for canary in [token.as_str(), SIGNATURE] {
            let kept = row.contents.iter().any(|text| text.contains(canary));
            assert!(!kept, "{canary} is kept after {:?} at {:?}", row.fault, row.endpoint);
        }
    }
    assert!(rows.iter().any(|row| row.contents.iter().any(|text| text.contains(WORDS))), "nothing was kept");
}

fn chain(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.map(|error| format!("{error} {error:?}\n")).collect()
}

/// Everything that is logged, spans included, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut log = self.0.lock().unwrap();
        let _ = writeln!(log, "span {} {}", span.metadata().name(), span.metadata().target());
        span.record(&mut Fields(&mut log));
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = writeln!(self.0, "{}={value:?}", field.name());
    }
}
