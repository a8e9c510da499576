//! Downloads over TLS: only from a server that proves who it is.

use std::fmt::Write;
use std::io;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use notion_import_core::testing::{Download, FastClock};
use notion_import_core::{
    BlobId, BlobStore, DownloadError, DownloadLimits, Error, MemoryBlobs, StoreError, TenantId,
    TransportError,
};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{self, CertificateError, ServerConfig};

use super::PDF;
use crate::network::morning;

/// A server that has the report and a certificate it signed itself.
struct Server {
    url: String,
    certificate: String,
    asked: Arc<AtomicUsize>,
    _running: JoinSet<()>,
}

impl Server {
    /// Its certificate is for this host, and ends with this year.
    async fn start(host: &str, year: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut certificate = CertificateParams::new([host.to_owned()]).unwrap();
        (certificate.not_before, certificate.not_after) =
            (date_time_ymd(2001, 1, 1), date_time_ymd(year, 12, 31));
        let certificate = certificate.self_signed(&key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            );
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/a.pdf", socket.local_addr().unwrap());
        let (asked, mut running) = (Arc::<AtomicUsize>::default(), JoinSet::new());
        let counter = asked.clone();
        running.spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                // Whoever hangs up does so on purpose.
                let _ = answer(&acceptor, stream, &counter).await;
            }
        });
        Self { url, certificate: certificate.pem(), asked, _running: running }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn answer(acceptor: &TlsAcceptor, stream: TcpStream, asked: &AtomicUsize) -> io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    asked.fetch_add(1, Ordering::SeqCst);
    stream.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", PDF.len()).as_bytes()).await?;
    stream.write_all(PDF).await?;
    stream.shutdown().await
}

/// Downloads from a trusted origin, so that nothing but the certificate can stand in the way; what does is returned.
async fn refusal(url: &str) -> Option<CertificateError> {
    let hour = Duration::from_secs(3600);
    let limits = DownloadLimits::default().silence(hour).whole(hour);
    let download = Download::default()
        .trusting(&url.parse().unwrap())
        .within(limits)
        .under(Arc::new(FastClock::new(morning(), 100)));
    let (blobs, tenant) = (MemoryBlobs::default(), TenantId::fresh());
    let outcome = download.document(&blobs, tenant, url).await;
    let kept = blobs.get(tenant, &BlobId::of(PDF), None).await.map(drop);
    match outcome {
        Ok(_) => {
            kept.unwrap();
            None
        }
        Err(Error::Download(DownloadError::Transport(TransportError::Connect(Some(cause))))) => {
            assert!(matches!(kept, Err(StoreError::NotFound)), "{kept:?}");
            let cause = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            match cause.and_then(|cause| cause.downcast_ref::<rustls::Error>()) {
                Some(rustls::Error::InvalidCertificate(error)) => Some(error.clone()),
                other => panic!("{url}: {other:?}"),
            }
        }
        Err(other) => panic!("{url}: {other:?}"),
    }
}

const CHILD: &str = "NOTION_IMPORT_TEST_TRUSTS";

/// A child: its system trusts whoever signed the certificates of these servers.
#[tokio::test]
async fn child_whose_system_trusts_the_signers() {
    let Ok(urls) = std::env::var(CHILD) else { return };
    let [proven, elsewhere, over] = urls.split(' ').collect::<Vec<_>>()[..] else { panic!("{urls}") };
    assert_eq!(refusal(proven).await, None);
    assert!(matches!(refusal(elsewhere).await, Some(CertificateError::NotValidForNameContext { .. })));
    assert!(matches!(refusal(over).await, Some(CertificateError::ExpiredContext { .. })));
}

#[tokio::test]
async fn only_a_certificate_that_the_system_trusts_for_this_host_and_day_lets_a_file_come() {
    let servers = [
        Server::start("127.0.0.1", 2999).await,
        Server::start("files.example", 2999).await,
        Server::start("127.0.0.1", 2025).await,
    ];
    for (server, year) in servers.iter().zip([2999, 2999, 2025]) {
        let refusal = refusal(&server.url).await;
        let is_expected = match year {
            2025 => matches!(refusal, Some(CertificateError::ExpiredContext { .. })),
            _ => refusal == Some(CertificateError::UnknownIssuer),
        };
        assert!(is_expected, "{year}: {refusal:?}");
        assert_eq!(server.asked(), 0, "{}", server.url);
    }
    // The very same servers, to a system that trusts who signed: one of them is who it says.
    let (mut trusted, mut urls) = (String::new(), Vec::new());
    for server in &servers {
        writeln!(trusted, "{}", server.certificate).unwrap();
        urls.push(server.url.as_str());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trusted.pem");
    std::fs::write(&path, trusted).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["download::tls::child_whose_system_trusts_the_signers", "--exact", "--nocapture"]);
    child.env(CHILD, urls.join(" ")).env("SSL_CERT_FILE", path).env_remove("SSL_CERT_DIR");
    let done = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"), "the child did not run");
    assert_eq!(servers.map(|server| server.asked()), [1, 0, 0]);
}
