//! A file with a JSON Web Key Set (RFC 7517): several keys, told apart by `kid`.
//!
//! Knows no schedule: when it is read again is decided by [`super::JwksWatch`]. What it says of a
//! bad file names places in it, never its text, which may hold secrets.

use std::path::{Path, PathBuf};

use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::keys::{Key, SECRET_BYTES_ENOUGH, Source};
use super::object::Object;
use crate::watched_file::WatchedFile;

/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The most keys of a set; a file with more is refused.
const KEYS_MAX: usize = 64;

/// The longest name of a key, in bytes.
const KID_BYTES_MAX: usize = 256;

/// The keys of a set that are for tokens.
#[derive(Clone, Debug)]
pub struct KeySet {
    pub(super) keys: Vec<Key>,
    /// What is odd about it, or about keys that were skipped.
    pub warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a set. Keys that are for something else, or of a kind that is not known here, are
    /// skipped with a warning.
    ///
    /// # Errors
    /// It is no set, holds more than 64 keys, or none that can be used.
    pub fn parse(json: &[u8]) -> Result<KeySet, String> {
        let Object(document): Object<Document> = serde_json::from_slice(json).map_err(|error| {
            // The error's own words may quote the text.
            let (line, column) = (error.line(), error.column());
            format!("is no JSON Web Key Set (line {line}, column {column})")
        })?;
        if document.keys.len() > KEYS_MAX {
            return Err(format!("holds {} keys, at most {KEYS_MAX}", document.keys.len()));
        }
        let mut set = KeySet { keys: Vec::new(), warnings: Vec::new() };
        for (index, value) in document.keys.into_iter().enumerate() {
            let name = name_of(&value, index);
            if value.get("d").is_some() {
                set.warnings.push(format!("{name} has a private part, which should not be here"));
            }
            match key(value) {
                Ok(key) => {
                    if key.is_short_secret() {
                        let warning = format!("is shorter than {SECRET_BYTES_ENOUGH} bytes");
                        set.warnings.push(format!("{name} {warning}"));
                    }
                    set.keys.push(key);
                }
                Err(reason) => set.warnings.push(format!("{name} is skipped: it {reason}")),
            }
        }
        if set.keys.is_empty() {
            let reasons = [vec!["holds no key for tokens".to_owned()], set.warnings].concat();
            return Err(reasons.join("; "));
        }
        Ok(set)
    }

    /// How many keys there are, one at least.
    pub fn count(&self) -> usize {
        self.keys.len()
    }
}

/// How a key is called in a warning: by its place, and its `kid` where that can be shown.
fn name_of(key: &Value, index: usize) -> String {
    match key.get("kid").and_then(Value::as_str).filter(|kid| kid.len() <= KID_BYTES_MAX) {
        Some(kid) => format!("key {index} ({kid:?})"),
        None => format!("key {index}"),
    }
}

/// One key of a set.
fn key(value: Value) -> Result<Key, String> {
    let jwk: Jwk = serde_json::from_value(value).map_err(|_| "is no JSON Web Key".to_owned())?;
    let common = &jwk.common;
    if !matches!(common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return Err("is not for signatures (use)".to_owned());
    }
    if common.key_operations.as_ref().is_some_and(|ops| !ops.contains(&KeyOperations::Verify)) {
        return Err("is not for verifying (key_ops)".to_owned());
    }
    let is_known = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) => {
            matches!(key.curve, EllipticCurve::P256 | EllipticCurve::P384)
        }
        AlgorithmParameters::OctetKeyPair(key) => key.curve == EllipticCurve::Ed25519,
        AlgorithmParameters::RSA(_) | AlgorithmParameters::OctetKey(_) => true,
        _ => false,
    };
    if !is_known {
        return Err("is of a kind that is not known here (kty, crv)".to_owned());
    }
    let material = DecodingKey::from_jwk(&jwk).map_err(|_| "is not in base64url".to_owned())?;
    let mut key = Key::new(Source::Set, material)?;
    if let AlgorithmParameters::EllipticCurve(parameters) = &jwk.algorithm {
        let of_curve = match parameters.curve {
            EllipticCurve::P256 => Algorithm::ES256,
            _ => Algorithm::ES384,
        };
        key.pin(of_curve).map_err(|_| "has a point that is not on its curve (crv)".to_owned())?;
    }
    if let Some(algorithm) = common.key_algorithm {
        key.pin(signing(algorithm)?)?;
    }
    if let Some(kid) = &common.key_id {
        if kid.is_empty() || kid.len() > KID_BYTES_MAX {
            return Err(format!("has a kid that is empty or longer than {KID_BYTES_MAX} bytes"));
        }
        key.kid = Some(kid.as_str().into());
    }
    Ok(key)
}

fn signing(algorithm: KeyAlgorithm) -> Result<Algorithm, String> {
    Algorithm::try_from(algorithm)
        .map_err(|_| "is for an algorithm that is not known here (alg)".to_owned())
}

/// A file that holds a set.
#[derive(Clone, Debug)]
pub struct JwksFile(WatchedFile);

impl JwksFile {
    /// A file that was not read yet.
    pub fn new(path: impl Into<PathBuf>) -> JwksFile {
        JwksFile(WatchedFile::new(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Reads the set, unless the file stands as it did when it was read last. A bad file is read
    /// once: what is wrong with it is said anew only where it has changed. Blocks.
    ///
    /// # Errors
    /// The system's, or those of [`KeySet::parse`].
    pub fn read_if_changed(&mut self) -> Result<Option<KeySet>, String> {
        if !self.0.has_changed()? {
            return Ok(None);
        }
        KeySet::parse(&self.0.read(FILE_BYTES_MAX)?).map(Some)
    }
}
