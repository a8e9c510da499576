//! The test kit: [`World`], the one fake Notion, its doors, the [conformance suites](suite) of the stores, the
//! [simulation] of their syncs, and a [large file](large) to import.
//!
//! ```
//! use notion_import_core::testing::{World, paragraph};
//!
//! let world = World::new(7);
//! let author = world.at("2026-11-22T08:00:00Z".parse().unwrap());
//! let workspace = author.workspace("Acme");
//! let policy = author.page(workspace, "Security policy");
//! author.append(policy, [paragraph("We encrypt everything.")]);
//! let grant = world.grant(workspace, [policy]);
//! assert!(grant.token.starts_with("ntn_"));
//! ```

pub mod large;
pub mod simulation;
pub mod suite;

mod blocks;
mod counted;
mod door;
mod signed;
mod story;
mod text;
mod world;

pub use blocks::{
    Block, block, bookmark, bulleted, callout, code, columns, divider, embed, embedded_file, equation,
    external, file, heading, image, numbered, paragraph, pdf, quote, synced, synced_copy, table, to_do,
    toggle, unsupported,
};
pub use counted::Counted;
#[cfg(feature = "wiremock")]
pub use door::WiremockDoor;
pub use door::{Asked, Download, FastClock, FileServer, Server, SimClock, Step, Switchboard, WorldTransport};
pub use signed::{SignedPages, WORLDS_SIGNATURE, signed_everywhere};
pub use story::Story;
pub use text::{Text, text};
pub use world::{
    Answer, Author, Column, Database, Endpoint, Fault, FaultPlan, Grant, Meeting, Reply, Rules, Seen,
    StoredFile, World, WrongKind,
};
