//! Telling subscribers through what takes its time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use notion_import_core::testing::suite::{Library, content, content_manager, minute, page};
use notion_import_core::{
    AccessLevel, Actor, Connection, Expected, MailError, Mailer, MemberId, MemoryLibrary, NewSubscription,
    Notice, Notifier, NotifyOptions, Publish, Role, TenantId, VersionNumber,
};

/// Takes minutes for each mail.
#[derive(Default)]
struct Slow(Mutex<BTreeMap<String, u32>>);

#[async_trait]
impl Mailer for Slow {
    async fn send(&self, notice: &Notice) -> Result<(), MailError> {
        tokio::time::sleep(Duration::from_secs(4 * 60)).await;
        let mut sent = self.0.lock().unwrap();
        *sent.entry(notice.to.as_str().to_owned()).or_default() += 1;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_mailer_that_takes_minutes_has_nobody_told_twice() {
    let library = Library::of(Arc::<MemoryLibrary>::default());
    let site = TenantId::fresh();
    let admin = Actor::new(site, MemberId::fresh(), Role::Admin);
    for number in 0..50 {
        let mail = format!("{number}@orchard.example").parse().unwrap();
        let new = NewSubscription { mail, language: "en".into(), address: None };
        library.access.subscribe(site, &new, minute(0)).await.unwrap();
    }
    let connection = Connection::new(site, "notion");
    let of = content(&page("Policy"), "Text");
    let imported =
        library.documents.import(&content_manager(site), &connection, &of, minute(1)).await.unwrap();
    let expected = Expected { level: AccessLevel::Internal, revision: 0, reason: "Asked for".into() };
    let (version, level) = (VersionNumber(1), Some(AccessLevel::Public));
    let publish = Publish { version, title: "Policy".into(), level, expected };
    library.access.publish(&admin, imported.document(), &publish, minute(2)).await.unwrap();

    let (slow, begun) = (Arc::<Slow>::default(), tokio::time::Instant::now());
    let told = futures_util::future::join_all((0..3).map(|_| {
        let notifier = Notifier::new(library.access.clone(), slow.clone(), NotifyOptions::default());
        async move {
            let mut told = 0;
            // As a host does that looks every minute.
            for _ in 0..200 {
                let now = minute(10) + begun.elapsed();
                told += notifier.announce(site, now).await.unwrap().told;
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            told
        }
    }));
    assert_eq!(told.await.into_iter().sum::<u64>(), 50);
    let sent = slow.0.lock().unwrap().clone();
    assert_eq!((sent.len(), sent.values().max()), (50, Some(&1)));
}
