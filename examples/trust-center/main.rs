//! The Trust Center demo.
fn main() {}
