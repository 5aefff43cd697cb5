//! Resends: how much older than a message its first copy may be.
//!
//! A client whose message was not acknowledged says it again under the same id, perhaps to a pod
//! that does not know it, which then stamps it anew. Who heard the first copy and resumes behind
//! that id has not heard what was said between the two. The time in a UUIDv7 (RFC 9562, section
//! 5.7) tells how early the first copy can have been; ids that the server made are of the time of
//! their stamp.

use std::time::Duration;

use uuid::Uuid;

/// No resend of an id that tells no time comes later than this after the first copy.
pub const RESENT_WITHIN: Duration = Duration::from_secs(30);

/// An id of a later time than this after its stamp is of a clock that is wrong, and tells none.
const AHEAD_MILLIS_MAX: u64 = 1_000;

/// How long before its stamp, in milliseconds since 1970, a message may have been heard already.
pub fn first_copy_age(id: Uuid, stamped_at: u64) -> Duration {
    let Some(made_at) = unix_millis(id) else { return RESENT_WITHIN };
    if made_at > stamped_at.saturating_add(AHEAD_MILLIS_MAX) {
        return RESENT_WITHIN;
    }
    Duration::from_millis(stamped_at.saturating_sub(made_at))
}

/// The time in a UUIDv7, in milliseconds since 1970; `None` for any other id.
pub fn unix_millis(id: Uuid) -> Option<u64> {
    (id.get_version_num() == 7).then(|| u64::try_from(id.as_u128() >> 80).expect("48 bits"))
}

#[cfg(test)]
mod tests;
