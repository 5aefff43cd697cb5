//! Masking: the XOR that a client lays over every payload (RFC 6455 section 5.3).
//!
//! Knows no frame: the key and the place in the payload are handed in.

#[cfg(test)]
mod tests;

/// How many bytes one step of the fast loop takes: a register of the smallest common vector unit.
const LANE_BYTES: usize = 16;

/// Masks or unmasks a stretch of a payload in place; the two are the same operation.
///
/// `offset` is where the stretch begins inside its frame's payload, in bytes: a payload may be
/// worked off in any number of stretches, and the key goes on where it stopped.
pub fn apply_mask(payload: &mut [u8], mask: [u8; 4], offset: usize) {
    let mut key = mask;
    key.rotate_left(offset % mask.len());

    let (lanes, tail) = payload.as_chunks_mut::<LANE_BYTES>();
    let wide: [u8; LANE_BYTES] = std::array::from_fn(|at| key[at % key.len()]);
    // A loop of a length known at compile time becomes one vector XOR.
    for lane in lanes {
        for (byte, key) in lane.iter_mut().zip(wide) {
            *byte ^= key;
        }
    }
    // A lane is a multiple of the key, so the tail begins with the key's first byte again.
    for (byte, key) in tail.iter_mut().zip(wide) {
        *byte ^= key;
    }
}
