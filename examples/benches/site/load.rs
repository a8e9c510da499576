//! Many visitors who ask for one page again and again.

use std::time::{Duration, Instant};

use benches::is_quick;
use futures_util::future::try_join_all;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Outcome;
use crate::process::Server;

const CONNECTIONS: usize = 64;
/// The first answers are those of a server that is not warm yet.
const WARM: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);
const MEASURED_QUICKLY: Duration = Duration::from_secs(1);

/// What is asked for, and what the answer is.
pub struct Asked {
    authority: String,
    path: String,
    cookie: Option<String>,
    tag: Option<String>,
    pub status: StatusCode,
}

/// What came of it.
pub struct Load {
    /// Of one answer's body.
    pub bytes: usize,
    took: Duration,
    cpu: Duration,
    /// How long each answer took, shortest first.
    answers: Vec<Duration>,
}

impl Asked {
    /// Asks once; where the visitor is to have the page already, they have what this brings.
    pub async fn new(authority: &str, path: &str, cookie: Option<&str>, is_known: bool) -> Outcome<Self> {
        let mut asked = Self {
            authority: authority.to_owned(),
            path: path.to_owned(),
            cookie: cookie.map(str::to_owned),
            tag: None,
            status: StatusCode::OK,
        };
        let (status, tag, _) = asked.ask(&mut asked.connect().await?).await?;
        if status != StatusCode::OK {
            return Err(format!("{path} answers {status}").into());
        }
        if is_known {
            (asked.tag, asked.status) = (Some(tag.ok_or("the page has no tag")?), StatusCode::NOT_MODIFIED);
        }
        Ok(asked)
    }

    async fn connect(&self) -> Outcome<SendRequest<Empty<Bytes>>> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    /// Returns the status, the tag and the length of the answer.
    async fn ask(&self, to: &mut SendRequest<Empty<Bytes>>) -> Outcome<(StatusCode, Option<String>, usize)> {
        let mut request = Request::get(&self.path).header(header::HOST, &self.authority);
        for (name, value) in [(header::COOKIE, &self.cookie), (header::IF_NONE_MATCH, &self.tag)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        to.ready().await?;
        let answer = to.send_request(request.body(Empty::new())?).await?;
        let status = answer.status();
        let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        Ok((status, tag, answer.into_body().collect().await?.to_bytes().len()))
    }
}

impl Load {
    /// Asks without a pause over all connections.
    pub async fn of(asked: &Asked, server: &Server) -> Outcome<Self> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            connections.push(asked.connect().await?);
        }
        run(asked, &mut connections, WARM).await?;
        let measured = if is_quick() { MEASURED_QUICKLY } else { MEASURED };
        let (start, cpu) = (Instant::now(), server.cpu()?);
        let mut answers = run(asked, &mut connections, measured).await?;
        let (took, cpu) = (start.elapsed(), server.cpu()? - cpu);
        answers.sort_unstable();
        let bytes = asked.ask(&mut connections[0]).await?.2;
        Ok(Self { bytes, took, cpu, answers })
    }

    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        self.answers.len() as f64 / self.took.as_secs_f64()
    }

    /// How long the part `quantile` of all answers took at most.
    pub fn at(&self, quantile: f64) -> Duration {
        let place = (self.answers.len() as f64 * quantile) as usize;
        self.answers.get(place.min(self.answers.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    /// What one answer costs the server's processor.
    pub fn cpu_each(&self) -> Duration {
        self.cpu.div_f64(self.answers.len().max(1) as f64)
    }
}

async fn run(
    asked: &Asked,
    connections: &mut [SendRequest<Empty<Bytes>>],
    time: Duration,
) -> Outcome<Vec<Duration>> {
    let end = Instant::now() + time;
    let visitors = connections.iter_mut().map(|connection| async move {
        let mut answers = Vec::new();
        while Instant::now() < end {
            let start = Instant::now();
            let (status, ..) = asked.ask(connection).await?;
            if status != asked.status {
                return Err(format!("{} answers {status}", asked.path).into());
            }
            answers.push(start.elapsed());
        }
        Ok::<_, Box<dyn std::error::Error>>(answers)
    });
    Ok(try_join_all(visitors).await?.concat())
}
