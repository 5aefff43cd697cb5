//! The runtime of a command that waits for others.

use super::failure::Failure;

/// Waits on this thread.
///
/// # Errors
/// The system has no poller left for it.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(Failure::failed)?.block_on(future))
}
