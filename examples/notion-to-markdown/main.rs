//! Notion pages to Markdown, for any token.
fn main() {}
