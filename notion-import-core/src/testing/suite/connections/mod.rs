//! What a [`ConnectionStore`] promises.

use std::sync::Arc;

use super::Promise;
use crate::connection::ConnectionStore;
use crate::library::audit::AuditLog;

mod activation;
mod attempts;
mod audit;
mod disconnecting;
mod leases;
mod runs;
mod tenancy;

/// A [`ConnectionStore`] with the audit that it writes to.
pub trait AuditedConnections: ConnectionStore + AuditLog {}

impl<S: ConnectionStore + AuditLog> AuditedConnections for S {}

type Store = Arc<dyn AuditedConnections>;

/// Every promise of a [`ConnectionStore`].
pub const PROMISES: &[Promise<Store>] = &[
    promise!("an attempt comes back as it was begun", attempts::comes_back),
    promise!("an attempt's id is taken once per tenant", attempts::taken_once),
    promise!("a grant is noted once and for all", attempts::granted_once),
    promise!("a forgotten attempt is gone, and forgetting it again succeeds", attempts::forgotten),
    promise!("expired attempts of all tenants are found, longest expired first", attempts::expired_attempts),
    promise!("an ended attempt is remembered, and nothing comes of it", attempts::ended),
    promise!("what an ended attempt leaves behind is kept until it is revoked", attempts::left_behind),
    promise!("the attempt that was looked at last is looked at last again", attempts::looked_at),
    promise!("a sealed token is kept until it is erased", attempts::session),
    promise!("a granted attempt alone makes no connection", activation::grant_is_no_connection),
    promise!("a confirmed connection is active, due and complete", activation::confirmed_is_complete),
    promise!("an attempt without a grant does not activate", activation::without_grant),
    promise!("another secret does not activate", activation::another_secret),
    promise!("another member does not activate", activation::another_member),
    promise!("an expired attempt does not activate", activation::expired_attempts),
    promise!("an attempt activates once", activation::once),
    promise!("a reference is connected once per tenant", activation::reference_once),
    promise!("a second tenant on one workspace is refused unless it is let in", activation::shared_workspace),
    promise!("a workspace without an id is like no other", activation::nameless_workspace),
    promise!("a renewal makes the connection active again and fences its holder", activation::renewal),
    promise!("a renewal of what is gone or being disconnected is refused", activation::renewal_of_nothing),
    promise!("a reconnect that leads elsewhere is refused", activation::leads_elsewhere),
    promise!(
        "a change of the workspace is a connection of its own, and fences the one that is left",
        activation::change
    ),
    promise!(
        "a change of the workspace leaves the one that is named, and only for another",
        activation::change_of
    ),
    promise!("an activation dropped halfway happened wholly or not at all", activation::dropped),
    promise!("connections are listed oldest first", leases::listed),
    promise!("only what is active and due is claimed as due", leases::due),
    promise!("the longest due are claimed first, at most as many as asked for", leases::order),
    promise!("what is claimed is not claimed again before the lease runs out", leases::exclusive),
    promise!("of many who claim at once one gets it", leases::race),
    promise!("every claim raises the generation", leases::generation),
    promise!("an active connection is claimed by name, due or not", leases::by_name),
    promise!("what is due is claimed by name once, and nothing else is", leases::if_due),
    promise!("a renewed lease runs out later", leases::renewed),
    promise!("a lease by a clock that runs far ahead is not believed", leases::from_the_future),
    promise!(
        "a lease that is renewed by a clock that runs far ahead is not believed",
        leases::renewed_in_the_future
    ),
    promise!("a lease by a clock that runs a little ahead is believed", leases::clocks_apart),
    promise!("whoever was overtaken cannot renew", leases::overtaken_renew),
    promise!("whoever gave the claim back cannot renew", leases::finished_renew),
    promise!("a finished run is noted, planned and freed", leases::finished),
    promise!("whoever was overtaken cannot finish", leases::overtaken_finish),
    promise!("a connection Notion refuses stays refused when a run finishes", leases::refused_stays),
    promise!("a run does not disconnect", leases::run_does_not_disconnect),
    promise!("hastening brings an active connection forward, never back", leases::hastened),
    promise!("a hint that comes during a run is not lost", leases::hastened_during_run),
    promise!("a claim that is released is free, and all else is as it was", runs::released),
    promise!("whoever was overtaken cannot release", runs::overtaken_release),
    promise!("the runs of a connection are told newest first, each once", runs::told),
    promise!("of the runs of a connection the last hundred are kept", runs::bounded),
    promise!("the runs of a connection outlive its renewal and go with it", runs::outlive),
    promise!("only an active connection becomes one that needs reauthorisation", leases::mark_needs_reauth),
    promise!("a fenced connection is nobody's", disconnecting::fenced),
    promise!("fencing again changes nothing", disconnecting::fenced_again),
    promise!("fenced connections of all tenants are found until they are removed", disconnecting::found),
    promise!("only a fenced connection is removed, and removing it again succeeds", disconnecting::removed),
    promise!("an attempt that is begun is in the audit", audit::begun),
    promise!("a connection that is confirmed is in the audit", audit::activated),
    promise!("a connection that is renewed is in the audit", audit::renewed),
    promise!("a change of the workspace is in the audit", audit::changed),
    promise!("a connection that Notion refuses is in the audit, once", audit::refused),
    promise!(
        "a connection that leads elsewhere says where, also in the audit, until it is renewed",
        audit::mark_elsewhere
    ),
    promise!("a disconnect is in the audit, once", audit::disconnected),
    promise!("a connection that is removed is in the audit, once", audit::removed),
    promise!("a connection that somebody gives up is in the audit, with who it was", audit::abandoned),
    promise!("what the audit says of connections is counted without a gap", audit::gapless),
    promise!("another tenant's attempt does not exist", tenancy::attempts),
    promise!("another tenant's connection cannot be read", tenancy::read),
    promise!("connections of all tenants are found by their reference", tenancy::by_reference),
    promise!("another tenant's connection cannot be claimed", tenancy::claim),
    promise!("another tenant's connection cannot be changed", tenancy::change),
    promise!("another tenant's runs cannot be read", tenancy::runs),
];
