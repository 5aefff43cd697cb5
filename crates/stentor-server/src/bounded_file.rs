//! Files that a setting names: read whole, up to a bound.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Why there is no content; said behind the setting's name. It does not name the file, which a mistake
/// may have made something secret of.
#[derive(Debug)]
pub(crate) enum ReadFault {
    /// The system does not give it.
    System(io::Error),
    /// It has more than so many bytes.
    TooLarge(u64),
}

/// The content of a file of at most `bytes_max`. Blocks.
///
/// # Errors
/// The system's, or that there is more.
pub(crate) fn read_up_to(path: impl AsRef<Path>, bytes_max: u64) -> Result<Vec<u8>, ReadFault> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(bytes_max + 1).read_to_end(&mut content))
        .map_err(ReadFault::System)?;
    if content.len() as u64 > bytes_max {
        return Err(ReadFault::TooLarge(bytes_max));
    }
    Ok(content)
}

impl fmt::Display for ReadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadFault::System(error) => write!(f, "cannot be read: {error}"),
            ReadFault::TooLarge(bytes_max) => write!(f, "is larger than {bytes_max} bytes"),
        }
    }
}
