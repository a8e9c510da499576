//! Downloads over the system's own resolver and sockets.

use std::process::Command;
use std::time::Duration;

use notion_import_core::testing::Download;
use notion_import_core::{DownloadError, Error, External, TransportError};
use tokio::net::TcpListener;

use super::{download, is_refused, server};

const CHILD: &str = "NOTION_IMPORT_TEST_BEHIND_A_PROXY";

/// A child: it downloads with proxies all over its environment.
#[tokio::test]
async fn child_behind_a_proxy() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let report = server().await;
    let trusting = Download::default().trusting(&report.origin()).external(External::Fetch);
    assert!(download(&trusting, &report.url("a.pdf")).await.is_ok());
    // A proxy would have to look this up, and would not be told to refuse it.
    assert!(is_refused(&download(&trusting, "https://localhost/a.pdf").await));
    assert!(is_refused(&download(&trusting, "https://10.0.0.1/a.pdf").await));
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_not_used() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["download::network::child_behind_a_proxy", "--exact", "--nocapture"]).env(CHILD, "1");
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        child.env(name, &url);
    }
    let done = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    assert!(String::from_utf8_lossy(&done.stdout).contains("1 passed"), "the child did not run");
    let called = tokio::time::timeout(Duration::from_millis(50), proxy.accept()).await;
    assert!(called.is_err(), "the proxy was called");
}

#[tokio::test]
async fn a_server_that_does_not_prove_who_it_is_is_asked_nothing() {
    let report = server().await;
    let origin = report.origin().as_str().replace("http://", "https://");
    let trusting = Download::default().trusting(&origin.parse().unwrap());
    let quick = notion_import_core::DownloadLimits::default().whole(Duration::from_secs(1));
    let outcome = download(&trusting.within(quick), &format!("{origin}a.pdf")).await;
    let expected = matches!(
        outcome,
        Err(Error::Download(DownloadError::Transport(TransportError::Connect(_) | TransportError::Timeout)))
    );
    assert!(expected, "{outcome:?}");
    assert_eq!(report.asked(), []);
}
