//! A public key as PEM text: the SubjectPublicKeyInfo of RFC 5280 section 4.1.
//!
//! Reads the little DER that it takes to tell the four kinds apart, so that a key of another curve
//! is refused at the start and not with every token. Shows nothing of what it reads.

use jsonwebtoken::DecodingKey;
use rustls_pki_types::pem::{PemObject, SectionKind};

use super::keys::{Key, Source};

/// `AlgorithmIdentifier`s with their parameters: RFC 3279 section 2.3.1, RFC 5480 section 2.1.1,
/// RFC 8410 section 3.
const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
const P_256: &[u8] = &[
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
    0x03, 0x01, 0x07,
];
const P_384: &[u8] = &[
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22,
];
const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;

/// Reads the one key of a PEM text.
///
/// # Errors
/// What it is instead, and how to make a public key of it where there is a way.
pub(super) fn read(pem: &str) -> Result<Key, String> {
    if pem.contains("PRIVATE KEY-----") {
        let message = "is a private key, which this server must not have: openssl pkey -pubout \
                       makes the public one of it";
        return Err(message.to_owned());
    }
    // Skipped by rustls-pki-types, which does not know it.
    if pem.contains("-----BEGIN RSA PUBLIC KEY-----") {
        let message = "is an RSA PUBLIC KEY: openssl rsa -RSAPublicKey_in -pubout makes a PUBLIC \
                       KEY of it";
        return Err(message.to_owned());
    }
    let mut sections = <(SectionKind, Vec<u8>)>::pem_slice_iter(pem.as_bytes());
    let (kind, der) = sections.next().and_then(Result::ok).ok_or("is no well-formed PEM text")?;
    if sections.next().is_some() {
        return Err("holds several keys, which belong into JWT_JWKS_FILE".to_owned());
    }
    match kind {
        SectionKind::PublicKey => {}
        SectionKind::Certificate => {
            let message = "is a certificate: openssl x509 -pubkey -noout makes a PUBLIC KEY of it";
            return Err(message.to_owned());
        }
        _ => return Err("holds something else than a PUBLIC KEY".to_owned()),
    }
    let material = material(&der)
        .ok_or("is no key of RSA, P-256, P-384 (named curve, whole point) or Ed25519")?;
    Key::new(Source::PublicKey, material)
}

fn material(der: &[u8]) -> Option<DecodingKey> {
    let info = whole(SEQUENCE, der)?;
    let (algorithm, rest) = element(SEQUENCE, info)?;
    // A bit string begins with the number of bits that its last byte lacks.
    let key = whole(BIT_STRING, rest)?.strip_prefix(&[0])?;
    match algorithm {
        RSA => {
            let numbers = whole(SEQUENCE, key)?;
            let (n, rest) = element(INTEGER, numbers)?;
            let e = whole(INTEGER, rest)?;
            Some(DecodingKey::from_rsa_raw_components(unsigned(n), unsigned(e)))
        }
        P_256 if key.len() == 65 => Some(DecodingKey::from_ec_der(key)),
        P_384 if key.len() == 97 => Some(DecodingKey::from_ec_der(key)),
        ED25519 => Some(DecodingKey::from_ed_der(key)),
        _ => None,
    }
}

/// A positive INTEGER without the zero that keeps it positive.
fn unsigned(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}

/// The content of an element that is all of `der`.
fn whole(tag: u8, der: &[u8]) -> Option<&[u8]> {
    element(tag, der).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

/// The content of the element at the beginning of `der`, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let [first, length, rest @ ..] = der else { return None };
    if *first != tag {
        return None;
    }
    let (length, rest) = match (*length, rest) {
        (short @ 0..=0x7f, rest) => (usize::from(short), rest),
        (0x81, [a, rest @ ..]) => (usize::from(*a), rest),
        (0x82, [a, b, rest @ ..]) => (usize::from(u16::from_be_bytes([*a, *b])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}
