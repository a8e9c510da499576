//! Doors: how a [`World`](super::World) is reached, and how files are.

mod clock;
mod download;
mod file_server;
mod fast;
mod server;
mod switchboard;
mod transport;
#[cfg(feature = "wiremock")]
mod wiremock;

pub(super) use self::clock::Busy;
pub use self::clock::SimClock;
pub use self::download::Download;
pub use self::fast::FastClock;
pub use self::file_server::{Asked, FileServer, Step};
pub use self::server::Server;
pub use self::switchboard::Switchboard;
pub use self::transport::WorldTransport;
#[cfg(feature = "wiremock")]
pub use self::wiremock::WiremockDoor;
