//! Leaky documents and blobs, swept.

use notion_import_core::testing::suite::Files;
use notion_import_core::testing::suite::sweeping::PROMISES;

use super::{blobs, documents};

#[derive(Clone, Copy, Debug)]
enum Leak {
    Nothing,
    Documents(documents::Leak),
    Blobs(blobs::Leak),
}

fn files(leak: Leak) -> Files {
    let sound = || Files { documents: documents::Leaky::sound(), blobs: blobs::Leaky::sound() };
    match leak {
        Leak::Nothing => sound(),
        Leak::Documents(leak) => Files { documents: documents::Leaky::store(leak), ..sound() },
        Leak::Blobs(leak) => Files { blobs: blobs::Leaky::store(leak), ..sound() },
    }
}

#[tokio::test]
async fn every_leak_breaks_its_own_promise() {
    let rows = [
        (Leak::Nothing, &[][..]),
        (Leak::Documents(documents::Leak::ForgetsOlderVersions), &["files that a document"]),
        (Leak::Documents(documents::Leak::ForgetsCovers), &["files that a document"]),
        (Leak::Documents(documents::Leak::KeepsAnyTenants), &["a sweep takes one tenant"]),
        (Leak::Blobs(blobs::Leak::ListsNothing), &["files that nothing", "a sweep takes one tenant"]),
        (Leak::Blobs(blobs::Leak::KnowsNoAge), &["files put since", "a file imported during"]),
        (Leak::Blobs(blobs::Leak::StaysAsOldAsItWas), &["files put since", "a file imported during"]),
        (Leak::Blobs(blobs::Leak::LooksAndThenRemoves), &["a file imported during"]),
    ];
    super::check(PROMISES, files, &rows).await;
}
