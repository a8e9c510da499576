//! What the benches share: the page they measure, how a figure is told, the peers that are asked for theirs, and the report of all.

pub mod figure;
mod page;
pub mod peer;
pub mod report;

pub use figure::{Case, is_quick, not_run};
pub use page::{BLOCKS, page};
