//! A file server that says exactly what a test has it say, true or not.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// What a file server does next on a connection. After the last step the connection ends.
#[derive(Clone, Debug)]
pub enum Step {
    /// Sends these bytes, of a head or a body.
    Send(Bytes),
    /// Sends these bytes so many times over.
    Repeat(Bytes, u64),
    /// Sends these bytes one by one, each after a pause.
    Drip(Bytes, Duration),
    /// Says nothing for so long.
    Wait(Duration),
    /// Resets the connection.
    Reset,
}

impl Step {
    /// A status line and headers, as they stand: nothing is added to them.
    pub fn head(status: u16, headers: &[(&str, &str)]) -> Self {
        let mut head = format!("HTTP/1.1 {status} Whatever\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Self::Send((head + "\r\n").into())
    }

    /// Bytes.
    pub fn send(bytes: impl AsRef<[u8]>) -> Self {
        Self::Send(Bytes::copy_from_slice(bytes.as_ref()))
    }
}

/// A request for a file, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The path and the query.
    pub target: String,
    head: String,
}

impl Asked {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    /// The first byte a `Range` header asks for.
    pub fn from(&self) -> Option<usize> {
        self.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
    }
}

/// A server on 127.0.0.1 that answers by a script. Dropping it stops it, and breaks the connections.
pub struct FileServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    running: JoinHandle<()>,
}

type Script = dyn Fn(&Asked, usize) -> Vec<Step> + Send + Sync;

impl FileServer {
    /// Starts a server that does what `script` says to a request, the so-many-th from 0.
    ///
    /// # Errors
    /// If there is no port.
    pub async fn start(
        script: impl Fn(&Asked, usize) -> Vec<Step> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let asked = Arc::new(Mutex::default());
        let running = tokio::spawn(serve(socket, Arc::new(script), Arc::clone(&asked)));
        Ok(Self { address, asked, running })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its origin.
    ///
    /// # Panics
    /// Never: an address makes an origin.
    pub fn origin(&self) -> Url {
        #[allow(clippy::unwrap_used, reason = "an address makes an origin")]
        Url::parse(&format!("http://{}", self.address)).unwrap()
    }

    /// A file's address on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    /// What it was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for FileServer {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl fmt::Debug for FileServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileServer").field("address", &self.address).finish_non_exhaustive()
    }
}

async fn serve(socket: TcpListener, script: Arc<Script>, asked: Arc<Mutex<Vec<Asked>>>) {
    // They end with this task.
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = socket.accept().await {
        let (script, asked) = (Arc::clone(&script), Arc::clone(&asked));
        connections.spawn(async move {
            let Some(request) = read(&stream).await else { return };
            let number = {
                let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
                asked.push(request.clone());
                asked.len() - 1
            };
            // Whoever hangs up does so on purpose.
            let _ = answer(&stream, script(&request, number)).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn read(stream: &TcpStream) -> Option<Asked> {
    let mut head = BytesMut::with_capacity(4096);
    while !head.ends_with(b"\r\n\r\n") {
        stream.readable().await.ok()?;
        match stream.try_read_buf(&mut head) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1)?.to_owned();
    Some(Asked { target, head })
}

async fn answer(stream: &TcpStream, steps: Vec<Step>) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => write(stream, &bytes).await?,
            Step::Repeat(bytes, times) => {
                for _ in 0..times {
                    write(stream, &bytes).await?;
                }
            }
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    tokio::time::sleep(pause).await;
                    write(stream, &[byte]).await?;
                }
            }
            Step::Wait(pause) => tokio::time::sleep(pause).await,
            Step::Reset => {
                // What was sent before is read first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                return stream.set_zero_linger();
            }
        }
    }
    Ok(())
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
