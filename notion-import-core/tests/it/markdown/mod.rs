//! The converter, held to its word: what it writes, parsed again, is what the tree says.

mod bounds;
pub mod fixtures;
mod fuzz;
mod lines;
mod options;
mod oracle;
mod properties;
mod relink;
mod roundtrip;
mod rows;
mod structure;
mod tolerance;
mod trees;
mod words;
