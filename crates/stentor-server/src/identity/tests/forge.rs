//! Makes tokens of every kind, good and bad, without the code under test: ring signs, and header
//! and claims are whatever text a test wants.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents,
};
use ring::{hmac, signature::KeyPair};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject;

/// The secret of HS* tokens.
pub(crate) const SECRET: &str = "a secret of tests that is long enough for HS256";

pub(crate) const RSA_PUBLIC: &str = include_str!("keys/rsa.public.pem");
const RSA_PRIVATE: &str = include_str!("keys/rsa.private.pem");
const P256_PRIVATE: &str = include_str!("keys/p256.private.pem");
const P384_PRIVATE: &str = include_str!("keys/p384.private.pem");
const ED25519_PRIVATE: &str = include_str!("keys/ed25519.private.pem");

/// A token with this header and these claims, each as JSON text, signed as `algorithm` says.
pub(crate) fn token_with_header(algorithm: &str, header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let signature = sign(algorithm, message.as_bytes());
    format!("{message}.{}", base64url(signature))
}

/// A token with a header that names its algorithm and nothing else.
pub(crate) fn token(algorithm: &str, claims: &str) -> String {
    token_with_header(algorithm, &format!(r#"{{"typ":"JWT","alg":"{algorithm}"}}"#), claims)
}

/// An HS256 token of any secret.
pub(crate) fn hs256(secret: &[u8], header: &str, claims: &str) -> String {
    let message = format!("{}.{}", base64url(header), base64url(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = hmac::sign(&key, message.as_bytes());
    format!("{message}.{}", base64url(signature))
}

pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The key of `algorithm` as a JSON Web Key, with these members beside its own.
pub(crate) fn jwk(algorithm: &str, members: &str) -> String {
    let kind = match &algorithm[..2] {
        "HS" => format!(r#""kty":"oct","k":"{}""#, base64url(SECRET)),
        "RS" | "PS" => {
            let key = rsa();
            let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
            let (n, e) = (base64url(public.n), base64url(public.e));
            format!(r#""kty":"RSA","n":"{n}","e":"{e}""#)
        }
        "ES" => {
            let point = ecdsa(algorithm).public_key().as_ref().to_vec();
            let (x, y) = point[1..].split_at(point.len() / 2);
            let curve = if algorithm == "ES256" { "P-256" } else { "P-384" };
            let (x, y) = (base64url(x), base64url(y));
            format!(r#""kty":"EC","crv":"{curve}","x":"{x}","y":"{y}""#)
        }
        _ => {
            let x = base64url(ed25519().public_key());
            format!(r#""kty":"OKP","crv":"Ed25519","x":"{x}""#)
        }
    };
    format!("{{{kind}{members}}}")
}

/// A set of these keys.
pub(crate) fn jwks(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn sign(algorithm: &str, message: &[u8]) -> Vec<u8> {
    let hash = match algorithm {
        "HS256" => hmac::HMAC_SHA256,
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        "RS256" => return sign_rsa(&RSA_PKCS1_SHA256, message),
        "RS384" => return sign_rsa(&RSA_PKCS1_SHA384, message),
        "RS512" => return sign_rsa(&RSA_PKCS1_SHA512, message),
        "PS256" => return sign_rsa(&RSA_PSS_SHA256, message),
        "PS384" => return sign_rsa(&RSA_PSS_SHA384, message),
        "PS512" => return sign_rsa(&RSA_PSS_SHA512, message),
        "ES256" | "ES384" => {
            let signed = ecdsa(algorithm).sign(&SystemRandom::new(), message);
            return signed.expect("a signature").as_ref().to_vec();
        }
        "EdDSA" => return ed25519().sign(message).as_ref().to_vec(),
        other => panic!("{other} is no algorithm of tests"),
    };
    hmac::sign(&hmac::Key::new(hash, SECRET.as_bytes()), message).as_ref().to_vec()
}

fn sign_rsa(padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let key = rsa();
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(padding, &SystemRandom::new(), message, &mut signature).expect("a signature");
    signature
}

fn rsa() -> RsaKeyPair {
    RsaKeyPair::from_pkcs8(&der(RSA_PRIVATE)).expect("the key of tests")
}

fn ecdsa(algorithm: &str) -> EcdsaKeyPair {
    let (kind, pem): (&'static EcdsaSigningAlgorithm, _) = match algorithm {
        "ES256" => (&ECDSA_P256_SHA256_FIXED_SIGNING, P256_PRIVATE),
        _ => (&ECDSA_P384_SHA384_FIXED_SIGNING, P384_PRIVATE),
    };
    EcdsaKeyPair::from_pkcs8(kind, &der(pem), &SystemRandom::new()).expect("the key of tests")
}

fn ed25519() -> Ed25519KeyPair {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der(ED25519_PRIVATE)).expect("the key of tests")
}

fn der(pem: &str) -> Vec<u8> {
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).expect("PEM");
    key.secret_pkcs8_der().to_vec()
}
