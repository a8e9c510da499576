//! Requests to read, as people outside make them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::ContactDetails;
use crate::error::{Conflict, StoreError};
use crate::id::{ContactId, DocumentId, RequestId};
use crate::library::title::given_reason;

/// Somebody's wish to read one document. A person has one that waits for a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AccessRequest {
    /// Which one.
    pub id: RequestId,
    /// What they ask for.
    pub document: DocumentId,
    /// Who asks; none for a stranger whose request was declined, of whom nothing is known any more.
    pub asker: Option<Asker>,
    /// Whether they had signed in. If not, anybody may have given the address.
    pub signed_in: bool,
    /// Why, in their words; empty once they are forgotten.
    pub reason: String,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// What became of it.
    pub state: RequestState,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", content = "is", rename_all = "snake_case")]
pub enum Asker {
    /// A contact of the tenant.
    Contact(ContactId),
    /// Somebody whom the tenant does not know yet, as they describe themselves.
    Stranger(ContactDetails),
}

impl Asker {
    /// Returns the contact, if it is one.
    pub const fn contact(&self) -> Option<ContactId> {
        match self {
            Self::Contact(id) => Some(*id),
            Self::Stranger(_) => None,
        }
    }

    /// Returns what a stranger says of themselves.
    pub const fn details(&self) -> Option<&ContactDetails> {
        match self {
            Self::Contact(_) => None,
            Self::Stranger(details) => Some(details),
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestState {
    /// Nobody has decided yet.
    Waiting,
    /// The contact was let in.
    Approved,
    /// The contact was not let in.
    Declined,
    /// The author does not ask any more.
    Withdrawn,
}

impl RequestState {
    /// Returns whether a request that is decided so changes: one that waits does, and one that was decided so before does not.
    ///
    /// # Errors
    /// [`Conflict::Changed`] if it was decided otherwise.
    pub fn becomes(self, decided: Self) -> Result<bool, Conflict> {
        match self {
            Self::Waiting => Ok(true),
            _ if self == decided => Ok(false),
            Self::Approved | Self::Declined | Self::Withdrawn => Err(Conflict::Changed),
        }
    }

    /// The name under which a store keeps it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Returns what a store has kept. What is not known, written by a later version or by hand, asks for nothing.
    pub fn from_kept(name: &str) -> Self {
        let all = [Self::Waiting, Self::Approved, Self::Declined, Self::Withdrawn];
        all.into_iter().find(|state| state.as_str() == name).unwrap_or_else(|| {
            tracing::error!("a request has a state this version does not know; it counts as withdrawn");
            Self::Withdrawn
        })
    }
}

/// A request as it comes in: for one document or several, each of which is asked for by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRequest {
    /// Who asks: a contact only if the host has authenticated them.
    pub asker: Asker,
    /// What they ask for.
    pub documents: BTreeSet<DocumentId>,
    /// Why.
    pub reason: String,
    /// The address they came from, if the host knows it: for the audit and the limits.
    pub address: Option<IpAddr>,
    /// How many requests are taken.
    pub limits: RequestLimits,
}

impl NewRequest {
    /// How many documents can be asked for at once.
    pub const DOCUMENTS: RangeInclusive<usize> = 1..=20;

    /// Returns the reason as it is kept.
    ///
    /// # Errors
    /// [`Conflict::NoReason`] if there is none, [`StoreError::OutOfRange`] if it is for no document or too many: what the asker knows,
    /// whatever the tenant has.
    pub fn check(&self) -> Result<String, StoreError> {
        if !Self::DOCUMENTS.contains(&self.documents.len()) {
            return Err(StoreError::OutOfRange("documents"));
        }
        Ok(given_reason(&self.reason)?)
    }
}

/// How many requests are taken within some time; no more of them are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RequestLimits {
    /// The time.
    pub within: TimeDelta,
    /// From one [origin](RequestLimits::origin).
    pub per_origin: u32,
    /// From one person.
    pub per_person: u32,
    /// To one tenant.
    pub per_tenant: u32,
}

/// 40 from one origin, 20 from one person, and 500 to one tenant within an hour.
impl Default for RequestLimits {
    fn default() -> Self {
        Self { within: TimeDelta::hours(1), per_origin: 40, per_person: 20, per_tenant: 500 }
    }
}

/// How many requests were kept within the time of the limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RequestCounts {
    /// From the origin; 0 if none is known.
    pub origin: u32,
    /// From the person.
    pub person: u32,
    /// To the tenant.
    pub tenant: u32,
}

impl RequestLimits {
    /// Says whether so many more are taken.
    pub fn admit(&self, counts: RequestCounts, more: usize) -> bool {
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let pairs = [
            (counts.origin, self.per_origin),
            (counts.person, self.per_person),
            (counts.tenant, self.per_tenant),
        ];
        pairs.into_iter().all(|(count, limit)| count.saturating_add(more) <= limit)
    }

    /// Returns what counts as one origin: an IPv4 address, or the network of an IPv6 address (/64), in which one machine may have any.
    pub fn origin(address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            v4 @ IpAddr::V4(_) => v4,
        }
    }
}

/// How a request is approved.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Approval {
    /// Until when the contact is let in; none for no end.
    pub expires_at: Option<DateTime<Utc>>,
    /// Why no NDA is needed, if it is waived.
    pub nda_waiver: Option<String>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_holds_by_itself_and_no_count_is_too_high() {
        let limits =
            RequestLimits { per_origin: 3, per_person: 2, per_tenant: 9, ..RequestLimits::default() };
        let none = RequestCounts::default();
        for (counts, more, expected) in [
            (none, 2, true),
            (none, 3, false),
            (RequestCounts { origin: 2, ..none }, 1, true),
            (RequestCounts { origin: 2, ..none }, 2, false),
            (RequestCounts { person: 1, ..none }, 1, true),
            (RequestCounts { person: 2, ..none }, 1, false),
            (RequestCounts { tenant: 9, ..none }, 1, false),
            (RequestCounts { tenant: u32::MAX, ..none }, usize::MAX, false),
        ] {
            assert_eq!(limits.admit(counts, more), expected, "{counts:?} and {more}");
        }
    }

    #[test]
    fn an_origin_is_what_one_machine_has() {
        for (address, origin) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(RequestLimits::origin(address.parse().unwrap()), origin.parse::<IpAddr>().unwrap());
        }
    }
}
