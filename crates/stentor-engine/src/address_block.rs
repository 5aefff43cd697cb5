//! Address blocks: what one customer of a network commonly has.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU64;

/// An IPv4 address, or the /64 of an IPv6 one: within it addresses are free for whoever has one.
///
/// An IPv4 address stands where no IPv6 block can be, below `::/32`, which is reserved (RFC 4291
/// section 2.5.5). An IPv6 address that maps an IPv4 one is that one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressBlock(NonZeroU64);

impl AddressBlock {
    /// The block of an address.
    pub fn of(address: IpAddr) -> AddressBlock {
        let bits = match address.to_canonical() {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
        };
        // `::1` and the unspecified addresses.
        AddressBlock(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MIN))
    }
}

impl fmt::Debug for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match u32::try_from(self.0.get()) {
            Ok(bits) => write!(f, "{}", std::net::Ipv4Addr::from_bits(bits)),
            Err(_) => write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(self.0.get()) << 64)),
        }
    }
}

#[cfg(test)]
mod tests;
