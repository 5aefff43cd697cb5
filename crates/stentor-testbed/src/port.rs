//! Ports on which servers listen, leased so that no two tests take the same.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// The first port to lease. The range lies below the kernel's range for outgoing connections.
const FIRST: u16 = 12_000;

/// How many there are. With their cluster ports they end at 32,000.
const COUNT: u16 = 10_000;

/// A cluster node talks to others on its port plus this.
const CLUSTER_OFFSET: u16 = 10_000;

/// A listener on this address marks a port as leased, in every process of the machine: it goes
/// with its process, and servers never use the address.
const MARKS: Ipv4Addr = Ipv4Addr::new(127, 83, 84, 69);

/// A TCP port of 127.0.0.1 that is nobody else's for as long as this value lives, whether a
/// server listens on it or not; the port 10,000 above, for a cluster node, is leased along.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _mark: TcpListener,
}

impl Port {
    /// Takes a free port.
    ///
    /// # Panics
    /// Where all 10,000 are in use.
    #[must_use]
    pub fn lease() -> Self {
        let start = RandomState::new().hash_one(std::process::id()) % u64::from(COUNT);
        let start = u16::try_from(start).expect("below COUNT");
        (0..COUNT)
            .map(|step| FIRST + (start + step) % COUNT)
            .find_map(Self::take)
            .expect("a free port between 12000 and 22000")
    }

    /// `None` where it is leased, or where another program listens on one of the two.
    fn take(number: u16) -> Option<Self> {
        let mark = TcpListener::bind((MARKS, number)).ok()?;
        for needed in [number, number + CLUSTER_OFFSET] {
            TcpListener::bind((Ipv4Addr::LOCALHOST, needed)).ok()?;
        }
        Some(Self { number, _mark: mark })
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Where to connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }
}
