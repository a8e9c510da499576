//! A wire that leads where a test says, and writes down what was dialled.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::net::TcpStream;

use crate::download::{Stream, Wire};

/// A wire for downloads. Names have the addresses that were entered, nothing is connected that was not plugged in, and
/// every dial is written down, whatever comes of it. What would be secured goes plain.
#[derive(Clone, Default)]
pub struct Switchboard(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    /// What a name's next look-up finds; the last answer stays.
    names: HashMap<String, VecDeque<Vec<IpAddr>>>,
    plugged: HashMap<SocketAddr, SocketAddr>,
    lookups: Vec<String>,
    dials: Vec<SocketAddr>,
}

impl Switchboard {
    /// Enters the addresses a host has. Entered again, they are what the look-up after finds.
    ///
    /// # Panics
    /// If one is no address.
    #[must_use]
    pub fn name(self, host: &str, addresses: &[&str]) -> Self {
        let addresses = addresses.iter().map(|ip| ip.parse().unwrap_or_else(|_| panic!("no address: {ip}")));
        self.lines().names.entry(host.to_owned()).or_default().push_back(addresses.collect());
        self
    }

    /// Connects whoever dials `address` with a socket of this machine.
    #[must_use]
    pub fn plug(self, address: SocketAddr, with: SocketAddr) -> Self {
        self.lines().plugged.insert(address, with);
        self
    }

    /// The hosts that were looked up, in order.
    pub fn lookups(&self) -> Vec<String> {
        self.lines().lookups.clone()
    }

    /// The addresses that were dialled, in order.
    pub fn dials(&self) -> Vec<SocketAddr> {
        self.lines().dials.clone()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Wire for Switchboard {
    async fn lookup(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        let mut lines = self.lines();
        lines.lookups.push(host.to_owned());
        let answers = lines.names.get_mut(host).ok_or(io::ErrorKind::NotFound)?;
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Ok(next.unwrap_or_default().into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }

    async fn dial(&self, address: SocketAddr) -> io::Result<Box<dyn Stream>> {
        let with = {
            let mut lines = self.lines();
            lines.dials.push(address);
            lines.plugged.get(&address).copied()
        };
        let with = with.ok_or(io::ErrorKind::ConnectionRefused)?;
        Ok(Box::new(TcpStream::connect(with).await?))
    }

    async fn secure(&self, _host: &str, stream: Box<dyn Stream>) -> io::Result<Box<dyn Stream>> {
        Ok(stream)
    }
}

impl fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switchboard").field("dials", &self.dials()).finish_non_exhaustive()
    }
}
