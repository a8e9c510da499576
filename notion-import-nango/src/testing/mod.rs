//! [`StandIn`]: a Nango that keeps the documented protocol, for tests and demos. Behind its proxy is a
//! [`World`](notion_import_core::testing::World), called in process.
//!
//! It is strict where Nango is strict (unknown fields and parameters, tags, keys, scopes) and as surprising where
//! Nango is surprising: a mistyped path gives the dashboard with 200, a link makes as many connections as it is
//! used for, a reconnect replaces the tags, a revoked Notion grant goes unnoticed.
//!
//! ```
//! use notion_import_core::testing::World;
//! use notion_import_nango::testing::{Settings, StandIn};
//! use notion_import_nango::{Config, Level, Nango};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // The form of Nango's keys: a UUID of version 4.
//! let key = "b6b5d0f5-2f0a-4b5c-9d0e-0123456789ab";
//! let stand_in = StandIn::new(World::new(7), Settings::new(key, "signing-key"))?;
//! let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
//! let mut config = Config::new(key);
//! config.base_url = format!("http://{}", listener.local_addr()?).parse()?;
//! config.webhook_signing_keys.push("signing-key".into());
//! let router = stand_in.router();
//! tokio::spawn(async move { axum::serve(listener, router).await });
//! assert!(Nango::new(config)?.check().await.iter().all(|found| found.level() < Level::Error));
//! // From here on: `stand_in.send_webhooks_to`, and `stand_in.consent` for each link that `Connector::begin` returns.
//! # Ok(())
//! # }
//! ```

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
pub use state::{Delivery, Refresh, Seen};
