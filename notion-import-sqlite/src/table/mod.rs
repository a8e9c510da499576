//! One file per table: all the SQL there is.

pub(crate) mod attempts;
pub(crate) mod audit;
pub(crate) mod checks;
pub(crate) mod connections;
pub(crate) mod documents;
pub(crate) mod log_starts;
pub(crate) mod runs;
pub(crate) mod syncs;
pub(crate) mod tenants;
pub(crate) mod versions;

#[cfg(feature = "gate")]
pub(crate) mod acceptances;
#[cfg(feature = "gate")]
pub(crate) mod assignments;
#[cfg(feature = "gate")]
pub(crate) mod contacts;
#[cfg(feature = "gate")]
pub(crate) mod lists;
#[cfg(feature = "gate")]
pub(crate) mod ndas;
#[cfg(feature = "gate")]
pub(crate) mod reads;
#[cfg(feature = "gate")]
pub(crate) mod requests;
#[cfg(feature = "gate")]
pub(crate) mod sites;
#[cfg(feature = "gate")]
pub(crate) mod standings;
#[cfg(feature = "gate")]
pub(crate) mod subscriptions;
