//! UUIDv7 (RFC 9562, section 5.7): an id with the time in it at which it was made.

use uuid::{Builder, Uuid};

/// An id that is made at this time, in milliseconds since 1970; of the random bytes ten are used.
pub fn made_at(unix_millis: u64, random: [u8; 16]) -> Uuid {
    let (tail, _) = random.split_first_chunk().expect("16 bytes begin with 10");
    Builder::from_unix_timestamp_millis(unix_millis, tail).into_uuid()
}

/// When it was made, in milliseconds since 1970; `None` for an id of another version.
pub fn unix_millis(id: Uuid) -> Option<u64> {
    (id.get_version_num() == 7).then(|| u64::try_from(id.as_u128() >> 80).expect("48 bits"))
}

#[cfg(test)]
mod tests;
