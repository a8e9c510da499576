//! A page as it is written down: its text, and the names of the files beside it.

use std::collections::{BTreeMap, HashSet};

use notion_import_core::markdown::relink;
use notion_import_core::store::NewContent;
use notion_import_core::{BlobId, Fetched, NotionId, SourceImage, StoredFile};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::front_matter::front_matter;

/// What is left as it is in a relative link.
const UNESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a page became.
#[derive(PartialEq, Debug)]
pub struct Document {
    /// Its id, which names its file.
    pub id: NotionId,
    /// Its text.
    pub markdown: String,
    /// The names of the files that stand beside it, in the folder that has its id as name.
    pub files: BTreeMap<BlobId, String>,
}

impl Document {
    /// Puts together what was read.
    pub fn new(fetched: &Fetched, with_front_matter: bool) -> Self {
        let content = &fetched.content;
        let id = content.source.id;
        let files = names(files_of(content, with_front_matter));
        let target = |blob: &BlobId| {
            let name = files.get(blob)?;
            Some(format!("{id}/{}", utf8_percent_encode(name, UNESCAPED)))
        };
        let text = relink(fetched.markdown().unwrap_or_default(), |address| {
            target(&address.strip_prefix("attachment:")?.parse().ok()?)
        });
        let markdown = match with_front_matter {
            true => front_matter(&content.source, |file| target(&file.blob.id)) + &text,
            false => text,
        };
        Self { id, markdown, files }
    }
}

/// Says, as one line of JSON on standard error, what the Markdown does not.
pub fn report(content: &NewContent) {
    let report =
        json!({ "id": content.source.id, "fidelity": content.fidelity, "exposure": content.exposure });
    eprintln!("{report}");
}

/// The files the text refers to. Of icon and cover only the front matter speaks, and only of the icon.
fn files_of(content: &NewContent, with_front_matter: bool) -> impl Iterator<Item = &StoredFile> {
    let icon = match &content.source.icon {
        Some(SourceImage::Stored(file)) if with_front_matter => Some(file),
        _ => None,
    };
    content.attachments.iter().chain(icon)
}

/// Names for people, no two alike even where upper and lower case are one: the first keeps its own.
fn names<'a>(files: impl Iterator<Item = &'a StoredFile>) -> BTreeMap<BlobId, String> {
    let (mut names, mut taken) = (BTreeMap::new(), HashSet::new());
    for file in files {
        let blob = file.blob.id;
        if names.contains_key(&blob) {
            continue;
        }
        let mut name = file.name.clone();
        if taken.contains(&name.to_lowercase()) {
            name = marked(&name, &blob);
        }
        while !taken.insert(name.to_lowercase()) {
            name.insert(0, '_');
        }
        names.insert(blob, name);
    }
    names
}

/// `report.pdf` becomes `report-1f0b33a2.pdf`.
fn marked(name: &str, blob: &BlobId) -> String {
    let digest = blob.to_string();
    let mark = &digest[..8];
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{mark}.{extension}"),
        None => format!("{name}-{mark}"),
    }
}

#[cfg(test)]
mod tests {
    use notion_import_core::Blob;

    use super::*;

    fn file(name: &str, bytes: &[u8]) -> StoredFile {
        let blob = Blob { id: BlobId::of(bytes), size: bytes.len() as u64 };
        StoredFile { blob, name: name.to_owned(), media_type: "application/pdf".to_owned() }
    }

    #[test]
    fn no_two_files_of_a_page_have_one_name() {
        let check = |files: &[StoredFile], expected: &[&str]| {
            let names = names(files.iter());
            let found: Vec<_> = files.iter().map(|file| names[&file.blob.id].as_str()).collect();
            assert_eq!(found, expected);
        };
        check(&[file("a.pdf", b"1"), file("b.pdf", b"2")], &["a.pdf", "b.pdf"]);
        check(&[file("a.pdf", b"1"), file("a.pdf", b"1")], &["a.pdf", "a.pdf"]);
        check(&[file("a.pdf", b"1"), file("A.PDF", b"2")], &["a.pdf", "A-d4735e3a.PDF"]);
        check(
            &[file("a.pdf", b"1"), file("a-d4735e3a.pdf", b"3"), file("a.pdf", b"2")],
            &["a.pdf", "a-d4735e3a.pdf", "_a-d4735e3a.pdf"],
        );
    }
}
