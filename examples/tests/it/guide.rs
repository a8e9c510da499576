//! What `docs/embedding.md` tells a new user to write works, and is what it shows.

#[allow(dead_code, reason = "its own `main` is not run")]
#[path = "../../guide/main.rs"]
mod embedding;

#[tokio::test]
async fn the_guide_leads_from_a_consent_to_a_synced_title() {
    embedding::walk_through().await.unwrap();
}

#[test]
fn the_guide_shows_code_that_runs() {
    let files = [
        include_str!("../../guide/store.rs"),
        include_str!("../../guide/backend.rs"),
        include_str!("../../guide/main.rs"),
    ]
    .map(unindented);
    let blocks: Vec<_> = include_str!("../../../docs/embedding.md").split("```rust\n").skip(1).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let shown = unindented(block.split("```").next().unwrap_or_default());
        assert!(files.iter().any(|file| file.contains(&shown)), "not in examples/guide:\n{shown}");
    }
}

fn unindented(code: &str) -> String {
    code.lines().map(str::trim).collect::<Vec<_>>().join("\n")
}
