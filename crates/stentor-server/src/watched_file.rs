//! Files that are looked at while the server runs, and read again when they have changed.
//!
//! Runs beside HTTP, on the main thread; the files themselves are read on a thread for what blocks, so
//! that neither a shard nor a request waits for a slow disk.

use std::convert::Infallible;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::spawn_blocking;

use crate::bounded_file::{ReadFault, read_up_to};

/// How often files are looked at: so much later is a new key known, and a withdrawn one refused.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// A file, and how it stood when it was read last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WatchedFile {
    path: PathBuf,
    stamp: Option<Stamp>,
}

/// What changes when a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
}

impl WatchedFile {
    /// A file that was not read yet.
    pub(crate) fn new(path: impl Into<PathBuf>) -> WatchedFile {
        WatchedFile { path: path.into(), stamp: None }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file stands otherwise than when this was asked last; `true` the first time.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn has_changed(&mut self) -> Result<bool, String> {
        match fs::metadata(&self.path) {
            // The stamp is that from before the reading, so that a change meanwhile is seen later.
            Ok(metadata) => {
                let stamp = Some(Stamp::of(&metadata));
                Ok(std::mem::replace(&mut self.stamp, stamp) != stamp)
            }
            Err(error) => {
                self.stamp = None;
                Err(ReadFault::System(error).to_string())
            }
        }
    }

    /// Its content. Blocks. One that cannot be read counts as changed until it can: the right to read
    /// it may come later than the file.
    ///
    /// # Errors
    /// The system's, or that it is larger than `bytes_max`.
    pub(crate) fn read(&mut self, bytes_max: u64) -> Result<Vec<u8>, String> {
        let read = read_up_to(&self.path, bytes_max);
        read.map_err(|fault| {
            if matches!(fault, ReadFault::System(_)) {
                self.stamp = None;
            }
            fault.to_string()
        })
    }
}

impl Stamp {
    fn of(metadata: &fs::Metadata) -> Stamp {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        }
    }
}

/// What is read from files that may change.
pub(crate) trait Watched: Clone + Send + 'static {
    /// What they hold.
    type Content: Send + 'static;

    /// Reads them, unless they stand as they did when they were read last. Blocks.
    ///
    /// # Errors
    /// What is wrong with them and what that means, once until they change again.
    fn read_if_changed(&mut self) -> Result<Option<Self::Content>, String>;
}

/// Looks for ever, and hands on what has changed. Of bad files one warning tells until they are others.
///
/// # Cancel safety
/// Dropping the future ends the looking; a read under way is finished without effect.
pub(crate) async fn watch<W: Watched>(files: &W, take: impl Fn(W::Content)) -> Infallible {
    let mut looked_at = files.clone();
    let mut last_fault = String::new();
    loop {
        tokio::time::sleep(LOOK_INTERVAL).await;
        let reading = spawn_blocking(move || {
            let outcome = looked_at.read_if_changed();
            (looked_at, outcome)
        });
        let outcome;
        (looked_at, outcome) = match reading.await {
            Ok(read) => read,
            // Only a panic ends it, and the runtime has told of that.
            Err(_) => (files.clone(), Err("a file was not read to its end".to_owned())),
        };
        match outcome {
            Ok(None) => {}
            Ok(Some(content)) => {
                last_fault.clear();
                take(content);
            }
            Err(fault) if fault == last_fault => {}
            Err(fault) => {
                tracing::warn!("{fault}");
                last_fault = fault;
            }
        }
    }
}
