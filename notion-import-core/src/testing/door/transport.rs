//! The door without a socket: the sealed transport, under a virtual clock.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};

use super::clock::SimClock;
use crate::error::TransportError;
use crate::testing::world::{Answer, Reply, World};
use crate::transport::{Body, Clock, Request, Response, Transport, sealed::Sealed};

/// A world behind the transport: nothing leaves the process and no real time passes.
#[derive(Clone)]
pub struct WorldTransport {
    answers: Arc<Answers>,
    clock: SimClock,
    latency: Duration,
}

type Answers = dyn Fn(&Request, DateTime<Utc>) -> Reply + Send + Sync;

impl WorldTransport {
    /// Reaches a world at once.
    pub fn new(world: World, clock: SimClock) -> Self {
        Self::answered(move |request, now| world.answer(request, now), clock)
    }

    /// Reaches at once what answers so: a service that stands before a world.
    pub fn answered(
        answers: impl Fn(&Request, DateTime<Utc>) -> Reply + Send + Sync + 'static,
        clock: SimClock,
    ) -> Self {
        Self { answers: Arc::new(answers), clock, latency: Duration::ZERO }
    }

    /// Lets every answer take this long.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }
}

impl Sealed for WorldTransport {}

#[async_trait]
impl Transport for WorldTransport {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.clock.stir();
        // A real exchange always lets others run; without this, concurrency would never be seen.
        tokio::task::yield_now().await;
        if !self.latency.is_zero() {
            self.clock.sleep(self.latency).await;
        }
        match (self.answers)(&request, self.clock.time()) {
            Reply::Response(answer) => Ok(respond(&answer, whole(answer.body.clone()))),
            Reply::Reset => Err(TransportError::Connect(None)),
            Reply::Cut { answer, after } => Ok(respond(&answer, cut(&answer.body, after))),
            Reply::Drip { answer, chunk, pause } => {
                let body = self.drip(answer.body.clone(), chunk, pause);
                Ok(respond(&answer, body))
            }
        }
    }
}

impl WorldTransport {
    fn drip(&self, body: Bytes, chunk: usize, pause: Duration) -> Body {
        stream::unfold((self.clock.clone(), body), move |(clock, mut rest)| async move {
            if rest.is_empty() {
                return None;
            }
            clock.sleep(pause).await;
            let part = rest.split_to(chunk.min(rest.len()));
            Some((Ok(part), (clock, rest)))
        })
        .boxed()
    }
}

impl fmt::Debug for WorldTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorldTransport").field("clock", &self.clock).finish_non_exhaustive()
    }
}

fn respond(answer: &Answer, body: Body) -> Response {
    Response { status: answer.status, headers: answer.headers.clone(), body }
}

fn whole(body: Bytes) -> Body {
    stream::once(async { Ok(body) }).boxed()
}

fn cut(body: &Bytes, after: usize) -> Body {
    let arrived = body.slice(..after.min(body.len()));
    stream::iter([Ok(arrived), Err(TransportError::Interrupted(None))]).boxed()
}
