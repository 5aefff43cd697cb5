//! A testimony: what a pod can prove of its own hearing, as it tells the others once a second.
//!
//! Who comes back to another pod was on one that may have been deaf. A pod that was told this knows
//! how far back before a moment it has to begin, so that nothing is left out that was not heard
//! there.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What was said so long before a testimony's time may have been published only after it: a message
/// on its way to Redis, and calendars that differ.
pub const MARGIN: Duration = Duration::from_millis(600);

/// How far a pod has heard the others. Times are in milliseconds since 1970, by its calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Testimony {
    /// When this was true.
    pub at: u64,
    /// Everything that other pods had published before this was with all members by then, or they
    /// had been told that it is missing.
    pub until: u64,
    /// Nobody is on the pod any more, nor will be.
    #[serde(default)]
    pub is_last: bool,
}
