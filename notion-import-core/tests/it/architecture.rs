//! Imports are arrows, and they point down the list of modules in `lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn imports_point_down_the_module_list() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let modules = modules(&fs::read_to_string(source.join("lib.rs")).unwrap());
    assert!(modules.len() > 10, "{modules:?}");
    let rank = |name: &str| modules.iter().position(|module| module == name);
    let mut upward = Vec::new();
    for file in files(&source) {
        let inside = file.strip_prefix(&source).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        let Some(own) = rank(module) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        for used in used_modules(&text) {
            if rank(&used).is_some_and(|rank| rank < own) {
                upward.push(format!("{} uses crate::{used}", inside.display()));
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}

#[test]
fn an_arrow_that_points_up_is_seen() {
    assert_eq!(used_modules("use crate::library::{a, b};\nlet x = crate::sync::run();"), ["library", "sync"]);
    assert_eq!(modules("pub mod a;\n#[cfg(x)]\nmod b;\npub(crate) mod c;\n// mod d;"), ["a", "b", "c"]);
}

fn modules(lib: &str) -> Vec<String> {
    let declared = lib.lines().filter(|line| !line.trim_start().starts_with("//"));
    declared.filter_map(|line| line.split_once("mod ")?.1.strip_suffix(';').map(str::to_owned)).collect()
}

fn used_modules(text: &str) -> Vec<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split("crate::").skip(1).map(|rest| rest.chars().take_while(|c| is_name(*c)).collect()).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
