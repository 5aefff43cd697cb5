//! Who sends the frames that are read: the one rule in which the two roles of RFC 6455 differ.

use super::error::ProtocolError;

/// Who sends the frames: [`FromClient`] or [`FromServer`], and nobody else.
pub trait Peer: sealed::Sealed {
    /// Whether its payloads are masked.
    const MASKS: bool;

    /// The key to unmask with; zeros where nothing is masked.
    ///
    /// # Errors
    /// A mask is not there and must be, or the other way round.
    fn admit_mask(mask: Option<[u8; 4]>) -> Result<[u8; 4], ProtocolError>;
}

/// Frames of a client, which masks each of them (RFC 6455 section 5.1).
#[derive(Copy, Clone, Debug, Default)]
pub struct FromClient;

/// Frames of a server, which masks none of them (RFC 6455 section 5.1).
#[derive(Copy, Clone, Debug, Default)]
pub struct FromServer;

impl Peer for FromClient {
    const MASKS: bool = true;

    fn admit_mask(mask: Option<[u8; 4]>) -> Result<[u8; 4], ProtocolError> {
        mask.ok_or(ProtocolError::Unmasked)
    }
}

impl Peer for FromServer {
    const MASKS: bool = false;

    fn admit_mask(mask: Option<[u8; 4]>) -> Result<[u8; 4], ProtocolError> {
        match mask {
            None => Ok([0; 4]),
            Some(_) => Err(ProtocolError::Masked),
        }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::FromClient {}
    impl Sealed for super::FromServer {}
}
