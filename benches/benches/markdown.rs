//! Placeholder until the converter stands.
fn main() {}
