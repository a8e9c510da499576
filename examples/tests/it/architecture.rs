//! The picture in ARCHITECTURE.md is drawn from the manifests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The folders of the crates.
fn members() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifest.split("members = [").nth(1).unwrap().split(']').next().unwrap();
    members
        .split(',')
        .map(|member| member.trim().trim_matches('"').to_owned())
        .filter(|m| !m.is_empty())
        .collect()
}

/// Which crate of the workspace uses which, whatever its tests use beside that.
fn arrows() -> BTreeSet<String> {
    let mut arrows = BTreeSet::new();
    for member in members() {
        let manifest = fs::read_to_string(root().join(&member).join("Cargo.toml")).unwrap();
        let sections = manifest.split("\n[").filter_map(|section| section.strip_prefix("dependencies]"));
        let used = sections.flat_map(str::lines).filter(|line| line.starts_with("notion-import-"));
        let names: BTreeSet<&str> = used.map(|line| line.split(['.', ' ', '=']).next().unwrap()).collect();
        let names = Vec::from_iter(names).join(" & ");
        arrows.extend((!names.is_empty()).then(|| format!("    {member} --> {names}")));
    }
    arrows
}

#[test]
fn the_picture_of_the_crates_is_what_their_manifests_say() {
    let arrows = arrows();
    assert!(arrows.len() > 3, "{arrows:?}");
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let drawn = text.split("```mermaid\ngraph TD\n").nth(1).unwrap().split("```").next().unwrap();
    let expected: String = arrows.iter().map(|arrow| format!("{arrow}\n")).collect();
    assert_eq!(drawn, expected, "draw this in ARCHITECTURE.md");
}
