//! Waiting for something outside this process to become true.

use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take for what it is asked: generous, for a machine that is busy.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How often it is looked. Another process gives no sign that could be waited for.
const POLL_EVERY: Duration = Duration::from_millis(5);

/// Asks until there is an answer.
///
/// # Panics
/// Where there is none within `deadline`; the text says `what` was waited for.
#[track_caller]
pub fn until<T>(deadline: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}: not within {} s", deadline.as_secs());
        thread::sleep(POLL_EVERY);
    }
}
