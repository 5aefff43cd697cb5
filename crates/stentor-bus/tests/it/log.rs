//! What the bus logs, as lines that a test can look through.

use std::io::{self, Write};
use std::sync::{Mutex, Once, PoisonError};

use tracing_subscriber::fmt;

/// What all pods of this process have logged; each test looks for its own address.
static TEXT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

pub(crate) struct Log;

/// Keeps what is logged from now on.
pub(crate) fn watch() -> Log {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let subscriber = fmt().with_ansi(false).with_writer(|| Log).finish();
        tracing::subscriber::set_global_default(subscriber).expect("the only one");
    });
    Log
}

impl Log {
    /// The lines with both of these words.
    pub(crate) fn lines_with(&self, first: &str, second: &str) -> Vec<String> {
        let text = TEXT.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&text);
        let wanted = |line: &&str| line.contains(first) && line.contains(second);
        text.lines().filter(wanted).map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TEXT.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
