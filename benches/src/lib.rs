//! What the benches share: the page they measure.

mod page;

pub use page::{BLOCKS, page};
