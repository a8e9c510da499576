//! The door for tests that already have a mock server.

use bytes::Bytes;
use wiremock::{Request as Received, Respond, ResponseTemplate};

use crate::testing::world::{Reply, World};
use crate::transport::{Request, SharedClock};

/// A world as a wiremock responder. It cannot break a connection; [`Server`](super::Server) can.
pub struct WiremockDoor {
    world: World,
    clock: SharedClock,
}

impl WiremockDoor {
    /// Answers at the clock's time.
    pub fn new(world: World, clock: SharedClock) -> Self {
        Self { world, clock }
    }
}

impl Respond for WiremockDoor {
    fn respond(&self, received: &Received) -> ResponseTemplate {
        let request = Request {
            method: received.method.clone(),
            url: received.url.clone(),
            headers: received.headers.clone(),
            body: Some(Bytes::copy_from_slice(&received.body)),
        };
        let answer = match self.world.answer(&request, self.clock.now()) {
            Reply::Response(answer) | Reply::Drip { answer, .. } => answer,
            Reply::Reset | Reply::Cut { .. } => {
                panic!("wiremock cannot break a connection; use testing::Server")
            }
        };
        let headers = answer.headers.iter().map(|(name, value)| (name.clone(), value.clone()));
        ResponseTemplate::new(answer.status.as_u16())
            .append_headers(headers)
            .set_body_bytes(answer.body.to_vec())
    }
}
