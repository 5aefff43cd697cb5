//! Reads the file of keys again when it has changed.
//!
//! Runs beside HTTP, on the main thread; the file itself is read on a thread for what blocks, so
//! that neither a shard nor a request waits for a slow disk.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;

use super::{JwksFile, Verifier};

/// How often the file is looked at: so much later is a new key known, and a withdrawn one refused.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// Keeps the keys of a verifier as its file says.
#[derive(Debug)]
pub struct JwksWatch {
    file: JwksFile,
    verifier: Arc<Verifier>,
}

impl JwksWatch {
    /// `file` was read before, and `verifier` has its keys.
    pub fn new(file: JwksFile, verifier: Arc<Verifier>) -> JwksWatch {
        JwksWatch { file, verifier }
    }

    /// Looks for ever. A bad file leaves the keys as they are, with one warning until the file is
    /// another one.
    ///
    /// # Cancel safety
    /// Dropping the future ends the looking; a read under way is finished without effect.
    pub async fn run(&self) -> Infallible {
        let mut file = self.file.clone();
        let mut last_fault = String::new();
        loop {
            tokio::time::sleep(LOOK_INTERVAL).await;
            let reading = spawn_blocking(move || {
                let outcome = file.read_if_changed();
                (file, outcome)
            });
            let outcome;
            (file, outcome) = match reading.await {
                Ok(read) => read,
                // Only a panic ends it, and the runtime has told of that.
                Err(_) => (self.file.clone(), Err("was not read to its end".to_owned())),
            };
            match outcome {
                Ok(None) => {}
                Ok(Some(set)) => {
                    self.verifier.replace_set(&set);
                    last_fault.clear();
                    tracing::info!(keys = set.count(), "JWT_JWKS_FILE was read again");
                    set.warnings
                        .iter()
                        .for_each(|warning| tracing::warn!("JWT_JWKS_FILE: {warning}"));
                }
                Err(fault) if fault == last_fault => {}
                Err(fault) => {
                    tracing::warn!("JWT_JWKS_FILE {fault}: the keys stay as they are");
                    last_fault = fault;
                }
            }
        }
    }
}
