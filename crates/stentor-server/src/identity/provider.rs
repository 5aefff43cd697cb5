//! The cryptography below `jsonwebtoken`: ring, which is in the program for TLS anyway.
//!
//! Verifies every algorithm of the contract and signs with a shared secret only: whoever has a
//! private key is not this server. Knows no claims.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory,
    verifier_factory,
    // Only asked where keys are written as JWKs, which nothing here does.
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes ring what `jsonwebtoken` calls. An embedding program that has chosen a provider before
/// keeps its own; the [self-test](super::self_test()) says whether it works.
pub(super) fn install() {
    let _ = PROVIDER.install_default();
}

fn signer_factory(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    let hash = hmac_hash(*algorithm).ok_or_else(|| new_error(ErrorKind::UnsupportedAlgorithm))?;
    fits(*algorithm, key.family())?;
    let key = hmac::Key::new(hash, key.as_bytes());
    Ok(Box::new(SecretSigner { algorithm: *algorithm, key }))
}

fn verifier_factory(
    algorithm: &Algorithm,
    key: &DecodingKey,
) -> Result<Box<dyn JwtVerifier>, Error> {
    fits(*algorithm, key.family())?;
    Ok(Box::new(KeyVerifier { algorithm: *algorithm, key: key.clone() }))
}

/// A key of one family never serves an algorithm of another.
fn fits(algorithm: Algorithm, family: jsonwebtoken::AlgorithmFamily) -> Result<(), Error> {
    if algorithm.family() == family {
        return Ok(());
    }
    Err(new_error(ErrorKind::InvalidKeyFormat))
}

struct SecretSigner {
    algorithm: Algorithm,
    key: hmac::Key,
}

impl Signer<Vec<u8>> for SecretSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.key, message).as_ref().to_vec())
    }
}

impl JwtSigner for SecretSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

struct KeyVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for KeyVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let is_right = match self.key.kind() {
            DecodingKeyKind::RsaModulusExponent { n, e } => rsa_parameters(self.algorithm)
                .is_some_and(|parameters| {
                    let key = RsaPublicKeyComponents { n, e };
                    key.verify(parameters, message, signature).is_ok()
                }),
            DecodingKeyKind::SecretOrDer(key) => match hmac_hash(self.algorithm) {
                Some(hash) => hmac::verify(&hmac::Key::new(hash, key), message, signature).is_ok(),
                None => curve(self.algorithm).is_some_and(|curve| {
                    UnparsedPublicKey::new(curve, key).verify(message, signature).is_ok()
                }),
            },
        };
        if is_right { Ok(()) } else { Err(signature::Error::new()) }
    }
}

impl JwtVerifier for KeyVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn hmac_hash(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::HS256 => Some(hmac::HMAC_SHA256),
        Algorithm::HS384 => Some(hmac::HMAC_SHA384),
        Algorithm::HS512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn curve(algorithm: Algorithm) -> Option<&'static dyn VerificationAlgorithm> {
    match algorithm {
        Algorithm::ES256 => Some(&ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Some(&ED25519),
        _ => None,
    }
}
