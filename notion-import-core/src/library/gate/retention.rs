//! How long a tenant's logs are kept, and what goes of them.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{AccessState, ReadLog};
use crate::error::{Conflict, StoreError};
use crate::id::TenantId;
use crate::library::audit::{AuditEvent, AuditLog, AuditStart, NewEntry, Subject};

/// How long a tenant's logs are kept: for good, unless something is said.
///
/// ```
/// use std::time::Duration;
/// use notion_import_core::Retention;
///
/// const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// let retention = Retention::default().reads(365 * DAY).audit(3 * 365 * DAY);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Retention {
    reads: Option<Duration>,
    audit: Option<Duration>,
}

impl Retention {
    /// Keeps who read what, and how often what is public was read, this long.
    #[must_use]
    pub const fn reads(mut self, age: Duration) -> Self {
        self.reads = Some(age);
        self
    }

    /// Keeps the audit this long. Who may read what now does not depend on it; who could at a time before is not told any more.
    #[must_use]
    pub const fn audit(mut self, age: Duration) -> Self {
        self.audit = Some(age);
        self
    }

    /// Returns whether anything is ever to go.
    pub const fn is_limited(&self) -> bool {
        self.reads.is_some() || self.audit.is_some()
    }
}

/// What is to go of a tenant's logs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LogCut {
    /// Readings from before this moment.
    pub reads: Option<DateTime<Utc>>,
    /// Entries of the audit up to this one.
    pub audit: Option<AuditStart>,
}

/// What went of a tenant's logs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct CutEntries {
    /// Entries of the read log, and minutes in which what is public was read.
    pub reads: u64,
    /// Entries of the audit.
    pub audit: u64,
}

impl CutEntries {
    /// Returns what the audit says of the cut; none if it took nothing.
    pub fn entry(self, tenant: TenantId, cut: &LogCut, now: DateTime<Utc>) -> Option<NewEntry> {
        let reads = cut.reads.filter(|_| self.reads > 0);
        let audit = cut.audit.as_ref().filter(|_| self.audit > 0).map(|start| start.number);
        let event = AuditEvent::LogsCut { reads, audit };
        (self != Self::default()).then(|| NewEntry::of_system(now, Subject::Tenant(tenant), event))
    }
}

/// Where logs are kept only for a time.
///
/// # Contract
/// - A cut and its entry in the audit, [`AuditEvent::LogsCut`], are one transaction. A cut that takes nothing leaves none.
/// - The tenant's state and the numbers of its audit go on as if nothing had been cut.
#[async_trait]
pub trait RetentionStore: AuditLog + ReadLog {
    /// Takes what is to go of a tenant's logs, and keeps from where on the audit starts. Where it starts later already, nothing of it goes.
    async fn cut(&self, tenant: TenantId, cut: &LogCut, now: DateTime<Utc>)
    -> Result<CutEntries, StoreError>;

    /// Takes what is older than it is to be kept. For the system: call it once a day for each tenant.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the audit does not add up: nothing goes then.
    async fn retain(
        &self,
        tenant: TenantId,
        retention: &Retention,
        now: DateTime<Utc>,
    ) -> Result<CutEntries, StoreError> {
        let Retention { reads, audit } = *retention;
        let audit = match audit {
            Some(age) => start(self, tenant, before(now, age)).await?,
            None => None,
        };
        self.cut(tenant, &LogCut { reads: reads.map(|age| before(now, age)), audit }, now).await
    }
}

/// Returns from where on the audit is to start, so that what counts as of a moment, or of one before, is gone.
async fn start(
    log: &(impl AuditLog + ?Sized),
    tenant: TenantId,
    until: DateTime<Utc>,
) -> Result<Option<AuditStart>, StoreError> {
    let mut state = AccessState::new(tenant);
    match state.follow(log, until).await {
        Ok(()) => state.as_start(),
        // It starts later already.
        Err(StoreError::Conflict(Conflict::NoLongerKept)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Not every store knows a time before this one.
const LONG_AGO: DateTime<Utc> = DateTime::UNIX_EPOCH;

fn before(now: DateTime<Utc>, age: Duration) -> DateTime<Utc> {
    let moment = TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age));
    moment.map_or(LONG_AGO, |moment| moment.max(LONG_AGO))
}
