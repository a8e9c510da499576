//! The converter, held to its word: what it writes, parsed again, is what the tree says.

mod fixtures;
mod oracle;
mod roundtrip;
mod tolerance;
mod trees;
