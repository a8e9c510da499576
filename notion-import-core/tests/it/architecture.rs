//! Imports are arrows, and they point down the list of modules in `lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn imports_point_down_the_module_list() {
    let upward = upward(&source(), "lib.rs", "crate::");
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn inside_the_converter_imports_point_down_its_own_list() {
    let upward = upward(&source().join("markdown"), "mod.rs", "crate::markdown::");
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn an_arrow_that_points_up_is_seen() {
    let text = "use crate::library::{a, b};\nlet x = crate::sync::run();\nuse super::gate::c;";
    assert_eq!(used_modules(text, "crate::"), ["library", "sync"]);
    assert_eq!(used_modules(text, "super::"), ["gate"]);
    assert_eq!(modules("pub mod a;\n#[cfg(x)]\nmod b;\npub(crate) mod c;\n// mod d;"), ["a", "b", "c"]);
}

/// The imports in a folder that do not point down the list of modules in one of its files. What a `mod.rs` passes on from below
/// stands above all of them.
fn upward(folder: &Path, list: &str, path: &str) -> Vec<String> {
    let modules = modules(&fs::read_to_string(folder.join(list)).unwrap());
    assert!(modules.len() > 10, "{modules:?}");
    let rank = |name: &str| modules.iter().position(|module| module == name);
    let mut upward = Vec::new();
    for file in files(folder) {
        let inside = file.strip_prefix(folder).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        let Some(own) = rank(module) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        let beside = if inside.iter().count() == 1 { used_modules(&text, "super::") } else { Vec::new() };
        for used in used_modules(&text, path).into_iter().chain(beside) {
            if rank(&used).map_or(list == "mod.rs", |rank| rank < own) {
                upward.push(format!("{} uses {path}{used}", inside.display()));
            }
        }
    }
    upward
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn modules(lib: &str) -> Vec<String> {
    let declared = lib.lines().filter(|line| !line.trim_start().starts_with("//"));
    declared.filter_map(|line| line.split_once("mod ")?.1.strip_suffix(';').map(str::to_owned)).collect()
}

fn used_modules(text: &str, path: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split(path).skip(1).map(|rest| rest.chars().take_while(|c| is_name(*c)).collect()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
