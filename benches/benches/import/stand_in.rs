//! A stand-in for Notion that knows every answer by heart, so that it takes as little time as can be.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::Utc;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use crate::Outcome;
use crate::limit::{Limit, Meter};
use crate::workspace::{SEARCH, Workspace};

struct StandIn {
    workspace: Workspace,
    latency: Duration,
    limit: Option<RefCell<Meter>>,
    requests: Cell<u64>,
    refused: Cell<u64>,
    under_way: Cell<u64>,
    most_under_way: Cell<u64>,
}

/// Serves the workspace, and says where.
pub(crate) async fn serve(workspace: Workspace, latency: Duration, limit: Option<Limit>) -> Outcome {
    let socket = TcpListener::bind("127.0.0.1:0").await?;
    let place = json!({
        "origin": format!("http://{}", socket.local_addr()?),
        "token": workspace.token,
        "pages": workspace.pages,
        "limited": limit.is_some(),
    });
    println!("{place}");
    let limit = limit.map(Meter::new).map(RefCell::new);
    let stand_in = Rc::new(StandIn {
        workspace,
        latency,
        limit,
        requests: Cell::default(),
        refused: Cell::default(),
        under_way: Cell::default(),
        most_under_way: Cell::default(),
    });
    let connections = LocalSet::new();
    connections
        .run_until(async {
            loop {
                let (stream, _) = socket.accept().await?;
                stream.set_nodelay(true)?;
                let stand_in = Rc::clone(&stand_in);
                // A connection that breaks is the other side's affair.
                tokio::task::spawn_local(async move { stand_in.attend(stream).await.ok() });
            }
        })
        .await
}

impl StandIn {
    async fn attend(&self, mut stream: TcpStream) -> Outcome {
        let mut read = BytesMut::with_capacity(4096);
        loop {
            let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") else {
                match stream.read_buf(&mut read).await? {
                    0 => return Ok(()),
                    _ => continue,
                }
            };
            let head = String::from_utf8_lossy(&read.split_to(end + 4)).into_owned();
            let target = head.split(' ').nth(1).unwrap_or_default();
            let length = length(&head);
            while read.len() < length {
                if stream.read_buf(&mut read).await? == 0 {
                    return Ok(());
                }
            }
            let body = read.split_to(length);
            let answer = match target {
                SEARCH => self.answer(&format!("{SEARCH}{}", cursor(&body))).await,
                target => self.answer(target).await,
            };
            stream.write_all(&answer).await?;
        }
    }

    async fn answer(&self, target: &str) -> Bytes {
        if let Some(what) = target.strip_prefix("/stand-in/") {
            return written("200 OK", "", self.about(what).to_string().as_bytes());
        }
        self.under_way.set(self.under_way.get() + 1);
        self.most_under_way.set(self.most_under_way.get().max(self.under_way.get()));
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        self.under_way.set(self.under_way.get() - 1);
        self.requests.set(self.requests.get() + 1);
        if let Some(wait) = self.limit.as_ref().and_then(|limit| limit.borrow_mut().spend()) {
            self.refused.set(self.refused.get() + 1);
            return refusal(wait);
        }
        let Workspace { answers, finding, .. } = &self.workspace;
        // Clients that leave the size of a page out mean this one.
        let spelled = || answers.get(&format!("{target}?page_size=100"));
        match answers.get(target).or_else(|| finding.get(target)).or_else(spelled) {
            Some(answer) => written("200 OK", "", answer),
            None => written("404 Not Found", "", b"{\"object\":\"error\",\"code\":\"object_not_found\"}"),
        }
    }

    fn about(&self, what: &str) -> Value {
        match what {
            "paths" => json!(self.workspace.answers.keys().collect::<Vec<_>>()),
            "forget" => {
                for count in [&self.requests, &self.refused, &self.most_under_way] {
                    count.set(0);
                }
                Value::Null
            }
            _ => json!({
                "requests": self.requests.get() - self.refused.get(),
                "refused": self.refused.get(),
                "under way": self.most_under_way.get(),
            }),
        }
    }
}

/// Of the body.
fn length(head: &str) -> usize {
    let headers = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = headers.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().and_then(|(_, length)| length.trim().parse().ok()).unwrap_or_default()
}

/// Where a search goes on.
fn cursor(body: &[u8]) -> String {
    let asked = serde_json::from_slice::<Value>(body).unwrap_or_default();
    asked["start_cursor"].as_str().unwrap_or_default().to_owned()
}

fn written(status: &str, headers: &str, body: &[u8]) -> Bytes {
    let length = body.len();
    // A page is settled by Notion's own clock.
    let date = Utc::now().format("%a, %d %b %Y %H:%M:%S GMT");
    let head = format!(
        "HTTP/1.1 {status}\r\ndate: {date}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n"
    );
    [head.as_bytes(), headers.as_bytes(), b"\r\n", body].concat().into()
}

fn refusal(wait: Duration) -> Bytes {
    let seconds = wait.as_secs_f64().ceil().max(1.0);
    let body = json!({
        "object": "error", "status": 429, "code": "rate_limited", "message": "You have been rate limited.",
        "additional_data": {"rate_limit_reason": "public_api_request_rate_limit"},
    });
    written("429 Too Many Requests", &format!("retry-after: {seconds}\r\n"), body.to_string().as_bytes())
}
