//! A connection whose other side has to read what it asked for.

use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// How long the other side may keep us waiting until it has taken another [`PART`]. The system's buffer drains before it takes more.
const PATIENCE: Duration = Duration::from_secs(20);

/// What it takes, at the least, in that time: whoever reads a byte now and then is as slow as whoever reads nothing.
const PART: usize = 64 << 10;

/// A connection that fails when the other side does not read. Only the time in which we wait to write counts.
pub struct TimedStream {
    stream: TcpStream,
    /// What is left of the patience with this part.
    left: Duration,
    /// How much of the part is written.
    written: usize,
    /// Since when we wait, and the end of the patience.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl TimedStream {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, left: PATIENCE, written: 0, waiting: None }
    }

    /// Counts what was written, or how long that is waited for.
    fn timed(&mut self, cx: &mut Context<'_>, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(wrote) = wrote {
            if let Some((since, _)) = self.waiting.take() {
                self.left = self.left.saturating_sub(since.elapsed());
            }
            self.count(*wrote.as_ref().unwrap_or(&0));
            return Poll::Ready(wrote);
        }
        let left = self.left;
        let (_, end) = self.waiting.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + left)))
        });
        ready!(end.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    fn count(&mut self, bytes: usize) {
        self.written += bytes;
        if self.written >= PART {
            (self.left, self.written) = (PATIENCE, 0);
        }
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.timed(cx, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.timed(cx, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
