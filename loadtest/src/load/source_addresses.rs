//! Where connections come from: the loopback net has sixteen million addresses, so that the ports
//! of none of them run out.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

#[cfg(test)]
mod tests;

/// How many connections one address opens before the next one takes over.
const CONNECTIONS_PER_ADDRESS: u32 = 8_000;
/// The first address is 127.1.0.0 or above: 127.0.0.x is left to servers.
const FIRST: u32 = 0x7f01_0000;
/// How many addresses there are to go round.
const SPAN: u32 = 0x00fd_0000;

/// Hands out the address that the next connection is bound to.
#[derive(Debug)]
pub(crate) struct SourceAddresses {
    start: u32,
    opened: u32,
    per_address: u32,
}

impl SourceAddresses {
    /// Begins at `seed`; runs with seeds of their own do not meet each other's closing sockets.
    pub(crate) fn new(seed: u32) -> Self {
        Self { start: seed, opened: 0, per_address: CONNECTIONS_PER_ADDRESS }
    }

    /// Lets an address open so many connections, at least one, before the next one takes over.
    pub(crate) fn spread(&mut self, per_address: u32) {
        self.per_address = per_address.clamp(1, CONNECTIONS_PER_ADDRESS);
    }

    /// The address to bind to before connecting to `server`; none unless that is on loopback.
    pub(crate) fn next(&mut self, server: SocketAddr) -> Option<SocketAddr> {
        let IpAddr::V4(host) = server.ip() else { return None };
        if !host.is_loopback() {
            return None;
        }
        let step = self.opened / self.per_address;
        self.opened = self.opened.wrapping_add(1);
        let mut address = FIRST + self.start.wrapping_add(step) % SPAN;
        // .0 and .255 are ordinary on loopback, but they look like a mistake.
        if matches!(address & 0xff, 0 | 0xff) {
            address ^= 1 << 1;
        }
        Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::from_bits(address)), 0))
    }
}
