//! The runtime of a command that waits for others.

use tokio::runtime::{Builder, Runtime};

use super::failure::Failure;

/// A runtime of this thread alone.
///
/// # Errors
/// The system has no poller left for it.
pub(super) fn start() -> Result<Runtime, Failure> {
    Builder::new_current_thread().enable_all().build().map_err(Failure::failed)
}

/// Waits on a runtime of its own.
///
/// # Errors
/// Those of [`start`].
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    Ok(start()?.block_on(future))
}
