//! Doors: how a [`World`](super::World) is reached.

mod clock;
mod server;
mod transport;
mod wiremock;

pub use self::clock::SimClock;
pub use self::server::Server;
pub use self::transport::WorldTransport;
pub use self::wiremock::WiremockDoor;
