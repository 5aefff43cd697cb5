//! Finds the stamp inside a delivery without reading its JSON.
//!
//! Deliveries of one size have their content at one place: the place is learned from the first of
//! them, the marker in front of it is verified every time, and a delivery where it does not stand
//! there is searched. So a server that words its envelopes otherwise costs time, not truth.

use crate::verdict::stamp::STAMP_BYTES;

#[cfg(test)]
mod tests;

/// What stands right in front of the stamp.
pub(crate) const MARKER: &[u8; 11] = b"\"content\":\"";
/// Marker and stamp together, in bytes.
const WINDOW_BYTES: usize = MARKER.len() + STAMP_BYTES;
/// Payloads up to this size have a place remembered; larger ones are searched each time.
const SIZE_MAX: usize = 4_096;

/// The remembered places, one for each payload size.
#[derive(Debug)]
pub(crate) struct Locator {
    places: Box<[u16]>,
}

impl Locator {
    /// A locator that has learned nothing yet.
    pub(crate) fn new() -> Self {
        Self { places: vec![0; SIZE_MAX + 1].into_boxed_slice() }
    }

    /// The stamp's bytes in `payload`, `None` if this is no message of a swarm.
    #[inline]
    pub(crate) fn find<'p>(&mut self, payload: &'p [u8]) -> Option<&'p [u8; STAMP_BYTES]> {
        let place = usize::from(*self.places.get(payload.len()).unwrap_or(&0));
        match stamp_at(payload, place) {
            Some(stamp) => Some(stamp),
            None => self.search(payload),
        }
    }

    /// Where the marker stands in front of the stamp that [`Locator::find`] finds; none if it finds
    /// none, or would search each payload of this size.
    pub(crate) fn place_of(&mut self, payload: &[u8]) -> Option<usize> {
        self.find(payload)?;
        self.places.get(payload.len()).map(|&place| place.into())
    }

    #[cold]
    fn search<'p>(&mut self, payload: &'p [u8]) -> Option<&'p [u8; STAMP_BYTES]> {
        let place = payload.windows(MARKER.len()).position(|window| window == MARKER)?;
        if let Some(known) = self.places.get_mut(payload.len()) {
            *known = place as u16;
        }
        stamp_at(payload, place)
    }
}

#[inline]
fn stamp_at(payload: &[u8], place: usize) -> Option<&[u8; STAMP_BYTES]> {
    let window = payload.get(place..)?.first_chunk::<WINDOW_BYTES>()?;
    let (marker, stamp) = window.split_first_chunk::<{ MARKER.len() }>()?;
    if marker == MARKER { stamp.first_chunk() } else { None }
}
