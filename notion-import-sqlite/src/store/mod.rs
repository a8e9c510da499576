//! The stores: each call one transaction over the tables.

#[cfg(feature = "gate")]
mod access;
mod audit;
mod connections;
mod documents;
#[cfg(feature = "gate")]
mod reads;
