//! Standard output, from which a reader may walk away at any time.

use std::io::{self, ErrorKind, Write};

use super::failure::Failure;

/// Writes all of it, at once.
///
/// # Errors
/// [`Failure::NobodyReads`] where the pipe is closed; another one where a disk is full.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes()).and_then(|()| output.flush()).map_err(|error| {
        match error.kind() {
            ErrorKind::BrokenPipe => Failure::NobodyReads,
            _ => Failure::failed(format_args!("standard output: {error}")),
        }
    })
}
