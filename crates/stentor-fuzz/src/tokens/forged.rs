//! Tokens that somebody else made, or that are made of a good one.

use ring::hmac;

use super::SECRET;
use super::independent::encode;

/// A token of this header and these claims, signed with the server's secret by HS256, whatever
/// algorithm the header names.
pub(super) fn signed(header: &[u8], claims: &[u8]) -> Vec<u8> {
    sign(hmac::HMAC_SHA256, SECRET, header, claims)
}

fn sign(hash: hmac::Algorithm, secret: &[u8], header: &[u8], claims: &[u8]) -> Vec<u8> {
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = hmac::sign(&hmac::Key::new(hash, secret), signed.as_bytes());
    format!("{signed}.{}", encode(signature.as_ref())).into_bytes()
}

/// A way to make a token without the secret.
#[derive(Clone, Copy, Debug)]
pub(super) enum Forgery {
    /// Signed with another secret.
    OtherSecret,
    /// Signed with nothing.
    EmptySecret,
    /// The signature of another header.
    OtherHeader,
    /// The signature of other claims.
    OtherClaims,
    /// No signature, under a header that asks for none.
    None,
    /// No signature, under the header as it is.
    Unsigned,
    /// The signature in capitals, as hexadecimal digits may be and base64 may not.
    Capitals,
    /// A good token and a further part.
    FourParts,
    /// A good token with padding.
    Padded,
    /// A good token with a space behind it.
    Spaced,
}

impl Forgery {
    pub(super) const ALL: [Forgery; 10] = [
        Forgery::OtherSecret,
        Forgery::EmptySecret,
        Forgery::OtherHeader,
        Forgery::OtherClaims,
        Forgery::None,
        Forgery::Unsigned,
        Forgery::Capitals,
        Forgery::FourParts,
        Forgery::Padded,
        Forgery::Spaced,
    ];

    /// The forged token; `good` is the one that the secret's owner made of the same.
    pub(super) fn of(self, header: &[u8], claims: &[u8], good: &[u8]) -> Vec<u8> {
        const NONE: &[u8] = br#"{"alg":"none"}"#;
        let signature = good.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        let joined = |header: &[u8], claims: &[u8], signature: &[u8]| {
            let front = format!("{}.{}.", encode(header), encode(claims));
            [front.as_bytes(), signature].concat()
        };
        match self {
            Forgery::OtherSecret => sign(hmac::HMAC_SHA256, b"another secret", header, claims),
            Forgery::EmptySecret => sign(hmac::HMAC_SHA256, b"", header, claims),
            Forgery::OtherHeader => joined(&[header, b" "].concat(), claims, signature),
            Forgery::OtherClaims => joined(header, &[claims, b" "].concat(), signature),
            Forgery::None => joined(NONE, claims, b""),
            Forgery::Unsigned => joined(header, claims, b""),
            Forgery::Capitals => joined(header, claims, &in_capitals(signature)),
            Forgery::FourParts => [good, b".e30"].concat(),
            Forgery::Padded => [good, b"="].concat(),
            Forgery::Spaced => [good, b" "].concat(),
        }
    }
}

/// A signature without a small letter is its own; then its first character is taken away.
fn in_capitals(signature: &[u8]) -> Vec<u8> {
    let capitals = signature.to_ascii_uppercase();
    if capitals == signature { signature[1..].to_vec() } else { capitals }
}
