//! The stores: each call one transaction over the tables.

#[cfg(feature = "gate")]
mod access;
mod audit;
mod connections;
#[cfg(feature = "gate")]
mod contacts;
mod documents;
#[cfg(feature = "gate")]
mod reads;
#[cfg(feature = "gate")]
mod subscriptions;
mod tenants;
