//! The keys that tokens are held against, each with the algorithms that it is for.
//!
//! An algorithm is pinned by the key, never chosen by the token alone. Knows no file.

use std::fmt;

use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, Validation};

use super::jwks::KeySet;
use super::public_key;

/// The shortest secret that RFC 7518 section 3.2 lets HS256 have, in bytes. A shorter one works,
/// with a warning: it can be found by trying.
pub(crate) const SECRET_BYTES_ENOUGH: usize = 32;

/// The sizes of RSA keys that are taken, in bits of the modulus. Below, one can be factored; above,
/// a check takes too long.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// The largest exponent of an RSA key, in bytes, as ring takes it.
const RSA_EXPONENT_BYTES_MAX: usize = 5;

/// Which setting a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Secret,
    PublicKey,
    Set,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Secret => "JWT_SECRET",
            Source::PublicKey => "JWT_PUBLIC_KEY",
            Source::Set => "JWT_JWKS_FILE",
        })
    }
}

/// One key. Its material is not shown.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) source: Source,
    /// Its name; a key without one fits any token.
    pub(super) kid: Option<Box<str>>,
    pub(super) material: DecodingKey,
    /// Its algorithms, all of one family; claims are judged by [`super::Rules`].
    pub(super) validation: Validation,
}

impl Key {
    /// A key for every algorithm that its material can be for.
    ///
    /// # Errors
    /// What is wrong with the material, for a person; nothing of it.
    pub(super) fn new(source: Source, material: DecodingKey) -> Result<Key, String> {
        let algorithms = algorithms(&material)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.algorithms = algorithms;
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Ok(Key { source, kid: None, material, validation })
    }

    /// The algorithms that tokens of this key may have.
    pub(super) fn algorithms(&self) -> &[Algorithm] {
        &self.validation.algorithms
    }

    /// Whether it is a secret that can be found by trying.
    pub(super) fn is_short_secret(&self) -> bool {
        self.material.family() == AlgorithmFamily::Hmac
            && self.material.try_get_as_bytes().is_ok_and(|key| key.len() < SECRET_BYTES_ENOUGH)
    }

    /// Leaves this algorithm only.
    ///
    /// # Errors
    /// The key cannot be for it.
    pub(super) fn pin(&mut self, algorithm: Algorithm) -> Result<(), String> {
        if !self.algorithms().contains(&algorithm) {
            return Err(format!("its kind of key cannot be for {algorithm:?}"));
        }
        self.validation.algorithms = vec![algorithm];
        Ok(())
    }
}

/// What a key is for, by its material: the curve decides between ES256 and ES384.
fn algorithms(material: &DecodingKey) -> Result<Vec<Algorithm>, String> {
    match (material.family(), material.kind()) {
        (AlgorithmFamily::Hmac, DecodingKeyKind::SecretOrDer(secret)) if secret.is_empty() => {
            Err("is empty".to_owned())
        }
        (AlgorithmFamily::Hmac, _) => Ok(AlgorithmFamily::Hmac.algorithms().to_vec()),
        (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => {
            check_rsa(n, e)?;
            Ok(AlgorithmFamily::Rsa.algorithms().to_vec())
        }
        (AlgorithmFamily::Ec, DecodingKeyKind::SecretOrDer(point)) => match point.as_slice() {
            [4, coordinates @ ..] if coordinates.len() == 64 => Ok(vec![Algorithm::ES256]),
            [4, coordinates @ ..] if coordinates.len() == 96 => Ok(vec![Algorithm::ES384]),
            _ => Err("is no whole point of P-256 or P-384".to_owned()),
        },
        (AlgorithmFamily::Ed, DecodingKeyKind::SecretOrDer(key)) if key.len() == 32 => {
            Ok(vec![Algorithm::EdDSA])
        }
        _ => Err("is no key of a kind that is known here".to_owned()),
    }
}

fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), String> {
    let bits = match n {
        [0, ..] => return Err("is an RSA key whose modulus begins with a zero byte".to_owned()),
        [first, rest @ ..] => rest.len() * 8 + (8 - first.leading_zeros() as usize),
        [] => 0,
    };
    if !RSA_BITS.contains(&bits) {
        return Err(format!(
            "is an RSA key of {bits} bits, not {} to {}",
            RSA_BITS.start(),
            RSA_BITS.end()
        ));
    }
    let is_exponent = e.len() <= RSA_EXPONENT_BYTES_MAX
        && e.first() != Some(&0)
        && e.last().is_some_and(|last| last % 2 == 1)
        && e != [1];
    if is_exponent { Ok(()) } else { Err("is an RSA key with an exponent that is none".to_owned()) }
}

/// Every key of a server: at most one secret, one public key, and the keys of a set.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    own: Vec<Key>,
    set: Vec<Key>,
}

impl Keys {
    /// Takes a shared secret, for HS256, HS384 and HS512.
    ///
    /// # Errors
    /// It is empty, or is itself a PEM key: who holds tokens of a key's owner against its public
    /// text as a secret believes everybody who has read it.
    pub fn with_secret(mut self, secret: &[u8]) -> Result<Keys, String> {
        if memchr::memmem::find(secret, b"-----BEGIN ").is_some() {
            return Err("holds a PEM key, which belongs into JWT_PUBLIC_KEY".to_owned());
        }
        self.own.push(Key::new(Source::Secret, DecodingKey::from_secret(secret))?);
        Ok(self)
    }

    /// Takes a public key: PEM, a `PUBLIC KEY` of RSA, P-256, P-384 or Ed25519.
    ///
    /// # Errors
    /// What it is instead; nothing of its text.
    pub fn with_public_key(mut self, pem: &str) -> Result<Keys, String> {
        self.own.push(public_key::read(pem)?);
        Ok(self)
    }

    /// The same, with this set instead of the one before.
    pub fn with_set(mut self, set: &KeySet) -> Keys {
        self.set = set.keys.clone();
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.set.is_empty()
    }

    /// The shared secret, which can sign as well.
    pub fn secret(&self) -> Option<&[u8]> {
        let key = self.own.iter().find(|key| key.source == Source::Secret)?;
        key.material.try_get_as_bytes().ok()
    }

    /// The keys that a token with this header may be of, those of its `kid` first. A key without a
    /// name fits every token; one with a name fits tokens that name it or none.
    pub(super) fn fitting(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> impl Iterator<Item = &Key> {
        let of_algorithm = move || {
            self.set.iter().chain(&self.own).filter(move |k| k.algorithms().contains(&algorithm))
        };
        let named =
            of_algorithm().filter(move |key| key.kid.is_some() && key.kid.as_deref() == kid);
        let other = of_algorithm()
            .filter(move |key| key.kid.is_none() || kid.is_none() && key.kid.is_some());
        named.chain(other)
    }
}
