//! Keeps the keys of tokens as their file says.

use std::convert::Infallible;
use std::sync::Arc;

use super::{JwksFile, KeySet, Verifier};
use crate::watched_file::{Watched, watch};

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
        watch(&Watching(self.file.clone()), |set: KeySet| {
            self.verifier.replace_set(&set);
            tracing::info!(keys = set.count(), "JWT_JWKS_FILE was read again");
            set.warnings.iter().for_each(|warning| tracing::warn!("JWT_JWKS_FILE: {warning}"));
        })
        .await
    }
}

#[derive(Clone)]
struct Watching(JwksFile);

impl Watched for Watching {
    type Content = KeySet;

    fn read_if_changed(&mut self) -> Result<Option<KeySet>, String> {
        let read = self.0.read_if_changed();
        read.map_err(|fault| format!("JWT_JWKS_FILE {fault}: the keys stay as they are"))
    }
}
