//! Downloads over real sockets: what is dialled, what is kept, and for how long.

mod addresses;
mod expiry;
mod names;
mod network;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;

use notion_import_core::testing::{Download, FileServer, Step, suite};
use notion_import_core::{DownloadError, Error, MemoryBlobs, StoredFile, TenantId};

#[tokio::test]
async fn downloads_into_memory_keep_every_promise() {
    suite::uphold(suite::downloads::PROMISES, async || Arc::new(MemoryBlobs::default()) as _).await;
}

const PDF: &[u8] = b"%PDF-1.7\nthe report";

/// Downloads into the memory.
async fn download(download: &Download, url: &str) -> Result<StoredFile, Error> {
    download.document(&MemoryBlobs::default(), TenantId::fresh(), url).await
}

fn is_refused(outcome: &Result<StoredFile, Error>) -> bool {
    matches!(outcome, Err(Error::Download(DownloadError::Refused(_))))
}

/// A server that has the report.
async fn server() -> FileServer {
    let length = PDF.len().to_string();
    let answer = vec![Step::head(200, &[("content-length", &length)]), Step::send(PDF)];
    FileServer::start(move |_, _| answer.clone()).await.unwrap()
}

/// A server that sends on to there.
async fn sending_to(location: &str) -> FileServer {
    let head = Step::head(302, &[("location", location), ("content-length", "0")]);
    FileServer::start(move |_, _| vec![head.clone()]).await.unwrap()
}

/// A public address, as far as the guard can tell.
fn public(last: u8) -> SocketAddr {
    SocketAddr::from(([93, 184, 216, last], 443))
}
