//! What a person looks at before a version is shown.

mod diff;
mod leaks;

use chrono::{DateTime, Utc};
use notion_import_core::review::Edition;
use notion_import_core::{
    Blob, BlobId, Content, Exposure, Fidelity, Loss, LossKind, StoredFile, Version, VersionNumber,
};

fn version(text: &str) -> Version {
    Version {
        number: VersionNumber(1),
        content: Content::Markdown(text.to_owned()),
        attachments: Vec::new(),
        fidelity: Fidelity::Complete,
        exposure: Exposure::default(),
        source_edited_at: DateTime::<Utc>::UNIX_EPOCH,
        imported_at: DateTime::<Utc>::UNIX_EPOCH,
    }
}

const fn edition<'a>(title: &'a str, version: &'a Version) -> Edition<'a> {
    Edition { title, version }
}

fn file(name: &str, bytes: &[u8]) -> StoredFile {
    let blob = Blob { id: BlobId::of(bytes), size: bytes.len() as u64 };
    StoredFile { blob, name: name.to_owned(), media_type: "application/pdf".to_owned() }
}

const fn loss(kind: LossKind, count: u64) -> Loss {
    Loss { kind, count, first_block: None }
}
