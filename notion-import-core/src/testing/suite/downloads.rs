//! What downloads into a [`BlobStore`] promise, whatever a file server does.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bytes::Bytes;

use super::fixture::{abandon, collected, tenant};
use super::{Broken, Outcome, Promise};
use crate::download::DownloadLimits;
use crate::error::{DownloadError, Error, StoreError, TransportError};
use crate::id::TenantId;
use crate::library::blob::{BlobId, BlobStore};
use crate::library::document::StoredFile;
use crate::testing::{Asked, Download, FileServer, Step};

type Store = Arc<dyn BlobStore>;

/// Every promise of a download into a [`BlobStore`].
pub const PROMISES: &[Promise<Store>] = &[
    promise!("a file that comes whole is kept, whether its length was said or not", whole),
    promise!("a file that breaks off again and again goes on where it was", resumed),
    promise!("a file that cannot go on is begun anew", begun_anew),
    promise!("a file that changes while it comes is never a mixture", changed),
    promise!("a file that never comes whole leaves nothing", broken),
    promise!("a file larger than allowed leaves nothing, said or not", too_large),
    promise!("an endless file leaves nothing", endless),
    promise!("a file that unpacks to more than it is leaves nothing", encoded),
    promise!("a file that drips leaves nothing", dripping),
    promise!("a server that falls silent leaves nothing", silent),
    promise!("a file that takes too long in all leaves nothing", too_long),
    promise!("a file of another type leaves nothing", another_type),
    promise!("a download dropped halfway leaves nothing", dropped),
];

/// A PDF as far as anyone looks, longer than any buffer on its way.
static CONTENT: LazyLock<Bytes> = LazyLock::new(|| {
    let numbers = (0..400_000_u32).flat_map(u32::to_be_bytes);
    b"%PDF-1.7\n".iter().copied().chain(numbers).collect()
});

fn content() -> Bytes {
    CONTENT.clone()
}

/// Quick enough to be waited for.
fn limits() -> DownloadLimits {
    let silence = Duration::from_millis(400);
    DownloadLimits::default().silence(silence).whole(Duration::from_secs(20)).slowest(1 << 10)
}

/// A server, and what is downloaded from it.
struct Scene {
    store: Store,
    tenant: TenantId,
    server: FileServer,
    download: Download,
}

impl Scene {
    async fn new(
        store: Store,
        script: impl Fn(&Asked, usize) -> Vec<Step> + Send + Sync + 'static,
    ) -> Result<Self, Broken> {
        let server = FileServer::start(script).await.map_err(StoreError::backend)?;
        let download = Download::default().trusting(&server.origin()).within(limits());
        Ok(Self { store, tenant: tenant(), server, download })
    }

    async fn download(&self) -> Result<StoredFile, Error> {
        self.download.document(&*self.store, self.tenant, &self.server.url("report.pdf")).await
    }

    /// The download succeeds, and the tenant has these bytes and no others.
    async fn ensure_kept(&self, bytes: &Bytes) -> Outcome {
        let file = self.download().await.map_err(|error| Broken::new(format!("it failed with '{error}'")))?;
        let kept = collected(self.store.get(self.tenant, &file.blob.id, None).await?).await?;
        ensure!(kept == *bytes, "{} bytes were kept of {}", kept.len(), bytes.len());
        ensure_eq!(file.blob.id, BlobId::of(bytes), "the id");
        Ok(())
    }

    async fn ensure_nothing(&self) -> Outcome {
        let whole = content();
        for sent in [&whole[..], &whole[..whole.len() / 2], &PIECE, b""] {
            let read = self.store.get(self.tenant, &BlobId::of(sent), None).await;
            ensure_fails!(read.map(drop), StoreError::NotFound, "{} bytes", sent.len());
        }
        Ok(())
    }
}

/// A kibibyte of a PDF.
const PIECE: [u8; 1024] = {
    let mut piece = [b' '; 1024];
    let magic = b"%PDF-1.7";
    let mut at = 0;
    while at < magic.len() {
        piece[at] = magic[at];
        at += 1;
    }
    piece
};

fn head(status: u16, length: usize, more: &[(&str, &str)]) -> Step {
    let length = length.to_string();
    Step::head(status, &[&[("content-length", length.as_str())], more].concat())
}

fn chunked() -> Step {
    Step::head(200, &[("transfer-encoding", "chunked")])
}

/// As many chunks of a chunked body.
fn chunks(times: u64) -> Step {
    let chunk = [b"400\r\n".as_slice(), &PIECE, b"\r\n"].concat();
    Step::Repeat(chunk.into(), times)
}

/// Serves what is asked of `bytes`, and breaks off after so many of them.
fn served(asked: &Asked, bytes: &Bytes, etag: &str, at_most: usize) -> Vec<Step> {
    let from = asked.from().filter(|_| asked.header("if-range") == Some(etag));
    let rest = bytes.slice(from.unwrap_or(0)..);
    let range = format!("bytes {}-{}/{}", from.unwrap_or(0), bytes.len() - 1, bytes.len());
    let head = match from {
        Some(_) => head(206, rest.len(), &[("etag", etag), ("content-range", &range)]),
        None => head(200, rest.len(), &[("etag", etag)]),
    };
    vec![head, Step::Send(rest.slice(..at_most.min(rest.len())))]
}

async fn whole(store: Store) -> Outcome {
    let script = |_: &Asked, _| vec![head(200, content().len(), &[]), Step::Send(content())];
    Scene::new(store.clone(), script).await?.ensure_kept(&content()).await?;
    let script = |_: &Asked, _| vec![chunked(), chunks(3000), Step::send("0\r\n\r\n")];
    Scene::new(store, script).await?.ensure_kept(&PIECE.repeat(3000).into()).await
}

async fn resumed(store: Store) -> Outcome {
    let scene = Scene::new(store, |asked, _| served(asked, &content(), "\"1\"", 450_000)).await?;
    scene.ensure_kept(&content()).await?;
    let asked = scene.server.asked();
    let from: Vec<_> = asked.iter().map(Asked::from).collect();
    ensure!(from.len() == 4 && from.is_sorted(), "it was asked from {from:?}");
    let asks_plainly = asked.iter().all(|asked| asked.header("accept-encoding") == Some("identity"));
    ensure!(asks_plainly, "it was asked for an encoding");
    Ok(())
}

async fn begun_anew(store: Store) -> Outcome {
    let script = |_: &Asked, number| match number {
        0 => vec![head(200, content().len(), &[]), Step::Send(content().slice(..450_000)), Step::Reset],
        _ => vec![head(200, content().len(), &[]), Step::Send(content())],
    };
    let scene = Scene::new(store, script).await?;
    scene.ensure_kept(&content()).await?;
    let ranges: Vec<_> = scene.server.asked().iter().map(|asked| asked.header("range").is_some()).collect();
    ensure_eq!(ranges, [false, false], "the ranges that were asked for");
    Ok(())
}

async fn changed(store: Store) -> Outcome {
    let newer: Bytes = content().iter().rev().copied().collect();
    let newer: Bytes = [b"%PDF-1.7\n".as_slice(), &newer[..content().len() - 9]].concat().into();
    let kept = newer.clone();
    let script = move |asked: &Asked, number| match number {
        0 => served(asked, &content(), "\"1\"", 450_000),
        _ => served(asked, &newer, "\"2\"", usize::MAX),
    };
    Scene::new(store, script).await?.ensure_kept(&kept).await
}

async fn broken(store: Store) -> Outcome {
    let script = |asked: &Asked, _| served(asked, &content(), "\"1\"", asked.from().map_or(450_000, |_| 0));
    let mut scene = Scene::new(store, script).await?;
    scene.download = scene.download.within(limits().whole(Duration::from_millis(1500)));
    ensure_fails!(scene.download().await, Error::Download(DownloadError::Transport(_)), "a part of a file");
    scene.ensure_nothing().await
}

async fn too_large(store: Store) -> Outcome {
    for says in [true, false] {
        let script = move |_: &Asked, _| match says {
            true => vec![head(200, 1 << 40, &[]), Step::Repeat(Bytes::from_static(&PIECE), 3000)],
            false => vec![chunked(), chunks(3000), Step::send("0\r\n\r\n")],
        };
        let mut scene = Scene::new(store.clone(), script).await?;
        scene.download = scene.download.cap(2 << 20);
        ensure_fails!(
            scene.download().await,
            Error::Download(DownloadError::TooLarge { cap: 0x20_0000 }),
            "3 MiB where 2 are allowed"
        );
        ensure_eq!(scene.server.asked().len(), 1, "the requests");
        scene.ensure_nothing().await?;
    }
    Ok(())
}

async fn endless(store: Store) -> Outcome {
    let mut scene = Scene::new(store, |_, _| vec![chunked(), chunks(u64::MAX)]).await?;
    scene.download = scene.download.cap(8 << 20);
    ensure_fails!(scene.download().await, Error::Download(DownloadError::TooLarge { .. }), "an endless file");
    scene.ensure_nothing().await
}

async fn encoded(store: Store) -> Outcome {
    // A gibibyte of zeros is a mebibyte of gzip; what matters is that none of it is looked at.
    let gzip = [("content-encoding", "gzip")];
    let script =
        move |_: &Asked, _| vec![head(200, 1 << 20, &gzip), Step::Repeat(Bytes::from_static(&PIECE), 1024)];
    let scene = Scene::new(store, script).await?;
    ensure_fails!(scene.download().await, Error::Download(DownloadError::Unusable(_)), "an encoded file");
    scene.ensure_nothing().await
}

async fn dripping(store: Store) -> Outcome {
    let script = |_: &Asked, _| {
        vec![
            head(200, content().len(), &[("etag", "\"1\"")]),
            Step::Drip(content(), Duration::from_millis(20)),
        ]
    };
    let scene = Scene::new(store, script).await?;
    ensure_fails!(scene.download().await, Error::Download(DownloadError::TooSlow), "50 bytes a second");
    ensure_eq!(scene.server.asked().len(), 1, "the requests");
    scene.ensure_nothing().await
}

async fn silent(store: Store) -> Outcome {
    for sent in [0, 450_000] {
        let script = move |_: &Asked, _| {
            let begun = vec![head(200, content().len(), &[]), Step::Send(content().slice(..sent))];
            [begun, vec![Step::Wait(Duration::from_secs(60))]].concat()
        };
        ensure_in_time(store.clone(), script, "silence in the body").await?;
    }
    let script = |_: &Asked, _| vec![Step::Wait(Duration::from_secs(60))];
    ensure_in_time(store, script, "silence from the beginning").await
}

async fn ensure_in_time(
    store: Store,
    script: impl Fn(&Asked, usize) -> Vec<Step> + Send + Sync + 'static,
    what: &str,
) -> Outcome {
    let mut scene = Scene::new(store, script).await?;
    scene.download = scene.download.within(limits().whole(Duration::from_secs(1)));
    ensure_fails!(
        scene.download().await,
        Error::Download(DownloadError::Transport(TransportError::Timeout)),
        "{what}"
    );
    scene.ensure_nothing().await
}

async fn too_long(store: Store) -> Outcome {
    // Steady and quick enough, and yet without end in sight.
    let pieces = || (0..10_000).flat_map(|_| [chunks(1), Step::Wait(Duration::from_millis(50))]);
    let script = move |_: &Asked, _| [chunked()].into_iter().chain(pieces()).collect();
    ensure_in_time(store, script, "a file that takes minutes").await
}

async fn another_type(store: Store) -> Outcome {
    let page = Bytes::from_static(b"<!doctype html><title>Sign in</title>");
    let script = move |_: &Asked, _| {
        vec![head(200, page.len(), &[("content-type", "application/pdf")]), Step::Send(page.clone())]
    };
    let scene = Scene::new(store, script).await?;
    ensure_fails!(scene.download().await, Error::Download(DownloadError::Type), "a page of HTML");
    scene.ensure_nothing().await
}

async fn dropped(store: Store) -> Outcome {
    for polls in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
        let script = |_: &Asked, _| {
            let half = content().slice(..content().len() / 2);
            vec![head(200, content().len(), &[]), Step::Send(half), Step::Wait(Duration::from_secs(60))]
        };
        let scene = Scene::new(store.clone(), script).await?;
        ensure!(abandon(scene.download(), polls).await.is_none(), "half a file was enough");
        scene.ensure_nothing().await?;
    }
    Ok(())
}
