//! OAuth for notion-import through Nango: connect sessions, webhooks, proxied access.
//!
//! [`Nango`] is both an [`Authorizer`](notion_import_core::connection::Authorizer), for the connect flow, and a
//! [`TokenSource`](notion_import_core::connection::TokenSource), for everything after it. Requests go through
//! Nango's proxy, which puts the Notion token in: this process never holds one.
//!
//! ```no_run
//! use notion_import_core::connection::Authorizer;
//! use notion_import_nango::{Config, Nango, webhook::Event};
//!
//! # async fn connect(raw: &[u8], headers: &http::HeaderMap) -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::new(std::env::var("NANGO_API_KEY")?);
//! config.webhook_signing_keys.push(std::env::var("NANGO_WEBHOOK_SIGNING_KEY")?.into());
//! let nango = Nango::new(config)?;
//!
//! // Where the host receives Nango's webhooks. What one says is a hint: ask before believing it.
//! if let Event::Auth(auth) = nango.webhook(raw, headers)? {
//!     let connection = nango.inspect(&auth.connection).await?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The API key needs these scopes: `environment:connect_sessions:write`, `environment:connections:read`,
//! `environment:connections:list`, `environment:connections:delete`, `environment:proxy`; and not
//! `environment:connections:read_credentials`.
//!
//! The modules are listed top-down: an import inside this crate points down the list, never up.

#[cfg(feature = "testing")]
pub mod testing;

mod authorizer;
mod proxy;
mod call;
mod nango;
mod fault;
mod pause;
mod config;
pub mod webhook;

pub use config::{Config, InvalidConfig};
pub use fault::Refused;
pub use nango::Nango;
