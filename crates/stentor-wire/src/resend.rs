//! Resends: how much older than a message its first copy may be.
//!
//! A client whose message was not acknowledged says it again under the same id, perhaps to a pod
//! that does not know it, which then stamps it anew. Who heard the first copy and resumes behind
//! that id has not heard what was said between the two. The time in a UUIDv7 (RFC 9562, section
//! 5.7) tells how early the first copy can have been; ids that the server made are of the time of
//! their stamp. An id that tells no time is taken at its word: nobody can know.

use std::time::Duration;

use uuid::Uuid;

use crate::uuid_v7;

/// A time longer before the stamp than this is of no clock that anybody keeps.
const AGE_MAX: Duration = Duration::from_secs(3_600);

/// How long before its stamp, in milliseconds since 1970, a message may have been heard already, as
/// far as its id tells.
pub fn first_copy_age(id: Uuid, stamped_at: u64) -> Duration {
    let made_at = uuid_v7::unix_millis(id).unwrap_or(stamped_at);
    let age = Duration::from_millis(stamped_at.saturating_sub(made_at));
    if age > AGE_MAX { Duration::ZERO } else { age }
}

#[cfg(test)]
mod tests;
