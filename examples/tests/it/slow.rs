//! Who sends slowly is told so after a while, who does not read is hung up on, and neither keeps anybody else from being answered.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use crate::demo::Demo;

/// Longer than the demo waits for a head or a body.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends this, then a byte now and then, until it is answered or hung up on; the answer.
async fn drip(demo: &Demo, sent: &str) -> String {
    let stream = TcpStream::connect(demo.url.trim_start_matches("http://")).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    writer.write_all(sent.as_bytes()).await.unwrap();
    let dripping = tokio::spawn(async move {
        while writer.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(500)).await;
        }
    });
    let mut answer = Vec::new();
    let answered = timeout(PATIENCE, reader.read_to_end(&mut answer)).await;
    dripping.abort();
    assert!(answered.is_ok(), "{sent:?} is waited for without end");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The head of a form of that length, as a page of the demo sends it.
fn form(demo: &Demo, path: &str) -> String {
    let host = demo.url.trim_start_matches("http://");
    format!("POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: {}\r\ncontent-length: 5000\r\n\r\n", demo.url)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_a_slow_form_and_a_slow_webhook_end_with_408_and_others_go_on() {
    let demo = Demo::start(&["--ephemeral"]);
    let head = "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: ".to_owned();
    let sent = [
        head,
        form(&demo, "/be"),
        form(&demo, "/documents/nonsense/withdraw"),
        form(&demo, "/webhooks/nango"),
    ];
    let (demo, begun) = (&demo, Instant::now());
    let others = async {
        while begun.elapsed() < Duration::from_secs(8) {
            let asked = Instant::now();
            demo.browser().get("/t/halden").await.ok();
            assert!(asked.elapsed() < Duration::from_secs(5), "somebody else waited {:?}", asked.elapsed());
            sleep(Duration::from_millis(200)).await;
        }
    };
    let slow = futures_util::future::join_all(sent.iter().map(|sent| drip(demo, sent)));
    let (answers, ()) = tokio::join!(slow, others);
    for (sent, answer) in sent.iter().zip(answers) {
        assert!(answer.starts_with("HTTP/1.1 408 "), "{sent}: {answer}");
        for expected in ["default-src 'none'", "no-store", "nosniff", "Too slow"] {
            assert!(answer.contains(expected), "{sent}: no {expected} in {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_on_which_nothing_is_asked_is_closed_without_a_word() {
    let demo = Demo::start(&["--ephemeral"]);
    let mut stream = TcpStream::connect(demo.url.trim_start_matches("http://")).await.unwrap();
    let mut answer = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is closed").unwrap();
    assert!(answer.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_silent_connections_keep_nobody_out_for_long() {
    let demo = Demo::start(&["--ephemeral"]);
    let address = demo.url.trim_start_matches("http://");
    let mut silent = Vec::new();
    for _ in 0..700 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    demo.browser().get("/t/halden").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_connections_that_ask_and_never_read_keep_nobody_out_for_long() {
    let demo = Demo::start(&["--ephemeral"]);
    let address = demo.url.trim_start_matches("http://").parse().unwrap();
    let asked = "GET /style.css HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".repeat(400);
    let mut unread = Vec::new();
    for _ in 0..512 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.write_all(asked.as_bytes()).await.unwrap();
        unread.push(stream);
    }
    // The first of them may be hung up on before the last one asks.
    demo.browser().get("/t/halden").await.ok();
}
