//! Marked values go down every way that ends in an error, and turn up where they must not nowhere.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use notion_import_core::testing::suite::content_manager;
use notion_import_core::testing::{FaultPlan, SignedPages, WORLDS_SIGNATURE, World, signed_everywhere};
use notion_import_core::{
    AccessStore, Actor, DocumentReader, DocumentStore, Error, ImportEvent, MemberId, Pick, Query, Role,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::NoSubscriber;
use tracing::{Dispatch, Event, Metadata, Subscriber};

use super::matrix::{EMAIL, Furnished, WORDS, furnish, rows};
use super::{Line, Tenant};

/// What the signatures are marked with that stand everywhere on a page.
const SIGNATURE: &str = "canary-signature-7f3a";

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
    for canary in [token.as_str(), WORLDS_SIGNATURE, WORDS, EMAIL] {
        assert!(!log.contains(canary), "{canary} is in the log");
        assert!(!said.iter().any(|text| text.contains(canary)), "{canary} is in an error: {said:#?}");
    }
    for row in &rows {
        for canary in [token.as_str(), WORLDS_SIGNATURE] {
            let kept = row.contents.iter().any(|text| text.contains(canary));
            assert!(!kept, "{canary} is kept after {:?} at {:?}", row.fault, row.endpoint);
        }
    }
    assert!(rows.iter().any(|row| row.contents.iter().any(|text| text.contains(WORDS))), "nothing was kept");
}

#[tokio::test]
async fn no_signature_is_kept_shown_or_said_wherever_it_stands() {
    let log = Log::default();
    let _second = Dispatch::new(NoSubscriber::new());
    let _listening = tracing::subscriber::set_default(log.clone());
    let world = World::new(37);
    let author = world.at(super::morning() - chrono::TimeDelta::hours(1));
    let workspace = author.workspace("Acme");
    let home = author.page(workspace, "Home");
    let pages = signed_everywhere(&author, home, SIGNATURE);
    let grant = world.grant(workspace, [home]);
    for faults in [None, Some(FaultPlan::survivable(0.1))] {
        world.plan_faults(faults);
        let line = Line::virtually(&world, &grant, Duration::ZERO);
        let tenant = line.tenant();
        let said = tenant.everything(pages).await;
        for signature in [SIGNATURE, WORLDS_SIGNATURE] {
            let found = said.iter().find(|(_, text)| text.contains(signature));
            assert_eq!(found, None, "a signature");
        }
        let inline = said.iter().find(|(_, text)| text.contains(";base64,"));
        assert_eq!(inline, None, "an image in its own address");
        let (_, markdown) = &said[0];
        assert!(markdown.matches('…').count() > 50 && markdown.contains("(attachment:"), "{markdown}");
    }
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("asking Notion again"), "{log}");
    for signature in [SIGNATURE, WORLDS_SIGNATURE] {
        let line = log.lines().find(|line| line.contains(signature));
        assert_eq!(line, None, "a signature is in the log");
    }
}

impl Tenant {
    /// Reads, imports and syncs the pages, and returns all that a host could show or keep of it, the page's Markdown first.
    async fn everything(&self, pages: SignedPages) -> Vec<(&'static str, String)> {
        let picks = [Pick::page(pages.page), Pick::data_source(pages.data_source), Pick::page(pages.row)];
        let mut said = Vec::new();
        for pick in picks {
            let read = self.importer.fetch(&self.connection, pick).await.unwrap();
            said.push(("Markdown", read.markdown().unwrap_or_default().to_owned()));
            said.push(("read", format!("{read:?}")));
            let found = self
                .importer
                .resolve_link(
                    &content_manager(self.connection.tenant),
                    &self.connection,
                    &pick.id.to_string(),
                )
                .await
                .unwrap();
            said.push(("pasted", format!("{found:?}")));
        }
        let found = self
            .importer
            .browse(&content_manager(self.connection.tenant), &self.connection, &Query::default())
            .await
            .unwrap();
        assert!(found.entries.len() > 3, "{found:?}");
        said.push(("listed", format!("{found:?}")));
        let importer = content_manager(self.connection.tenant);
        let mut events = Box::pin(self.importer.import(&importer, &self.connection, picks.to_vec()));
        while let Some(event) = events.next().await {
            if let ImportEvent::Finished(outcome) = &event {
                assert!(outcome.result.is_ok(), "{event:?}");
            }
            said.push(("told", format!("{event:?}")));
        }
        said.push(("told", format!("{:?}", self.importer.sync(&self.connection).await.unwrap())));
        let admin = Actor::new(self.connection.tenant, MemberId::fresh(), Role::Admin);
        let linked = self.library.linked(&self.connection, None, 1000).await.unwrap();
        assert_eq!(linked.len(), picks.len());
        for known in linked {
            said.push(("linked", format!("{known:?}")));
            said.push((
                "document",
                format!("{:?}", self.library.document(&admin, known.document).await.unwrap()),
            ));
            let versions = self.library.versions(&admin, known.document).await.unwrap();
            said.push(("versions", format!("{versions:?}")));
        }
        said
    }
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
