//! What is left once it has grown quiet.

use std::collections::BTreeSet;
use std::time::Duration;

use notion_import_core::ConnectionStore;
use notion_import_core::transport::Clock;
use proptest::prop_assert;
use proptest::test_runner::TestCaseResult;
use secrecy::ExposeSecret;

use super::{Stage, Started};

/// How long a link works.
const LAPSE: Duration = Duration::from_secs(30 * 60);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Stage {
    /// Lets every link lapse, whether webhooks arrived or not, and then a day, after which nothing is remembered of them.
    pub async fn grow_quiet(&mut self) -> TestCaseResult {
        *self.trigger.lock().unwrap() = None;
        // Until a clock that was set back is where it was, it takes for the future what was to be looked at.
        self.clock.advance(self.set_back);
        self.look_at_sessions().await?;
        for lapse in [LAPSE, DAY] {
            self.clock.advance(lapse);
            while self.connector.sweep().await? > 0 {}
            self.look().await?;
            self.one_lapse_later_nango_has_no_connection_that_no_tenant_uses().await?;
        }
        Ok(())
    }

    async fn one_lapse_later_nango_has_no_connection_that_no_tenant_uses(&self) -> TestCaseResult {
        let used = self.records().await.into_iter().map(|record| record.reference.to_string());
        let left: BTreeSet<String> = self.at_nango().difference(&used.collect()).cloned().collect();
        prop_assert!(left.is_empty(), "Nango has {} connections that no tenant uses", left.len());
        Ok(())
    }

    /// A session that led to a grant, or whose attempt ended in time, is closed. Nango closes none that has expired.
    async fn look_at_sessions(&self) -> TestCaseResult {
        self.connector.sweep().await?;
        // Where a process died between two things, the page that asks every few seconds makes up for it.
        for Started { admin, begun, .. } in self.attempts.iter().filter(|_| self.has_died) {
            self.connector.poll(admin, begun.attempt).await?;
        }
        let saved = self.stand_in.save().unwrap();
        for Started { admin, begun, .. } in &self.attempts {
            let Some(kept) = self.connections.attempt(admin.tenant, begun.attempt).await? else { continue };
            let ended_in_time = kept.ended_at.is_some_and(|ended| ended < kept.expires_at);
            // What a process that died has left open nobody closes before it expires, unless somebody sweeps in time.
            let is_too_late = self.has_died && kept.expires_at <= self.clock.now();
            if self.with_key && !is_too_late && (kept.granted.is_some() || ended_in_time) {
                let token = begun.link.session.expose_secret();
                prop_assert!(saved["sessions"].get(token).is_none(), "a session that has served is open");
                prop_assert!(kept.session.is_none(), "the token of a closed session is kept");
            }
        }
        Ok(())
    }

    /// The connections there that carry a tag of ours. One without is no consequence of a link of ours.
    fn at_nango(&self) -> BTreeSet<String> {
        let saved = self.stand_in.save().unwrap();
        let all = saved["connections"].as_object().unwrap();
        let ours = all.iter().filter(|(_, found)| !found["tags"]["attempt_id"].is_null());
        ours.map(|(id, _)| id.clone()).collect()
    }
}
