//! A folder per type of block: the blocks, the Markdown and the report beside them.
//!
//! `UPDATE_FIXTURES=1` writes what the converter says now; read the difference before you keep it.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use notion_import_core::markdown::{Options, render};
use notion_import_core::notion::{BlockTree, BlockType};
use serde_json::json;

/// Where the fixtures are.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/markdown")
}

/// A type without a fixture does not compile.
fn folder(kind: BlockType) -> &'static str {
    match kind {
        BlockType::Paragraph => "paragraph",
        BlockType::Heading1 => "heading_1",
        BlockType::Heading2 => "heading_2",
        BlockType::Heading3 => "heading_3",
        BlockType::Heading4 => "heading_4",
        BlockType::BulletedListItem => "bulleted_list_item",
        BlockType::NumberedListItem => "numbered_list_item",
        BlockType::ToDo => "to_do",
        BlockType::Toggle => "toggle",
        BlockType::Quote => "quote",
        BlockType::Callout => "callout",
        BlockType::Code => "code",
        BlockType::Equation => "equation",
        BlockType::Divider => "divider",
        BlockType::Breadcrumb => "breadcrumb",
        BlockType::TableOfContents => "table_of_contents",
        BlockType::ColumnList => "column_list",
        BlockType::Column => "column",
        BlockType::Tab => "tab",
        BlockType::Table => "table",
        BlockType::TableRow => "table_row",
        BlockType::SyncedBlock => "synced_block",
        BlockType::Template => "template",
        BlockType::Bookmark => "bookmark",
        BlockType::Embed => "embed",
        BlockType::LinkPreview => "link_preview",
        BlockType::Image => "image",
        BlockType::Video => "video",
        BlockType::Pdf => "pdf",
        BlockType::Audio => "audio",
        BlockType::File => "file",
        BlockType::LinkToPage => "link_to_page",
        BlockType::ChildPage => "child_page",
        BlockType::ChildDatabase => "child_database",
        BlockType::MeetingNotes => "meeting_notes",
        BlockType::Unsupported => "unsupported",
        BlockType::Unknown => "unknown",
    }
}

#[test]
fn every_type_of_block_becomes_the_markdown_beside_it() {
    let kinds: HashMap<&str, BlockType> = BlockType::ALL.iter().map(|&kind| (folder(kind), kind)).collect();
    let mut unseen: HashSet<&str> = kinds.keys().copied().collect();
    for folder in fs::read_dir(root()).unwrap() {
        let path = folder.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        unseen.remove(name);
        check(&path, kinds.get(name).copied());
    }
    assert!(unseen.is_empty(), "{unseen:?}");
}

fn check(folder: &Path, kind: Option<BlockType>) {
    let tree = BlockTree::parse(&fs::read(folder.join("blocks.json")).unwrap()).unwrap();
    let shown = |kind| tree.nodes().iter().any(|node| node.block.content.block_type() == kind);
    assert!(kind.is_none_or(shown), "{} does not show its type", folder.display());
    let rendered = render(&tree, &Options::default());
    let report = json!({ "fidelity": rendered.fidelity, "exposure": rendered.exposure });
    let report = serde_json::to_string_pretty(&report).unwrap() + "\n";
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(folder.join("expected.md"), &rendered.markdown).unwrap();
        fs::write(folder.join("report.json"), &report).unwrap();
    }
    let expected = |file| fs::read_to_string(folder.join(file)).unwrap_or_default();
    assert_eq!(rendered.markdown, expected("expected.md"), "{}", folder.display());
    assert_eq!(report, expected("report.json"), "{}", folder.display());
    for secret in ["X-Amz", "signature=", "SECRETSIG"] {
        assert!(!rendered.markdown.contains(secret), "a signed URL in {}", folder.display());
    }
}
