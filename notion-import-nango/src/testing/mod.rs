//! [`StandIn`]: a Nango that keeps the documented protocol, for tests and demos. Behind its proxy is a
//! [`World`](notion_import_core::testing::World), called in process.
//!
//! It is strict where Nango is strict (unknown fields and parameters, tags, keys, scopes) and as surprising where
//! Nango is surprising: a mistyped path gives the dashboard with 200, a link makes as many connections as it is
//! used for, a reconnect replaces the tags, a revoked Notion grant goes unnoticed.

mod door;
mod consent;
mod session;
mod connection;
mod proxy;
mod gate;
mod hook;
mod stand_in;
mod page;
mod state;
mod tags;
mod answer;
mod settings;

pub use consent::NotConsented;
pub use settings::{Settings, scope};
pub use stand_in::StandIn;
pub use state::{Delivery, Seen};
