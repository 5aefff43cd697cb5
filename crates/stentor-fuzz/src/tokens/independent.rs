//! A token read by nothing but RFC 7515 and serde_json.

use ring::hmac;

use crate::json;

/// What a token says whose signature is right.
pub(super) struct Proven {
    pub(super) subject: Option<String>,
    /// In seconds since 1970.
    pub(super) expires: Option<f64>,
    pub(super) rooms: Option<Vec<String>>,
}

/// Reads a token; `None` where it was not signed with `secret` by an algorithm for secrets.
pub(super) fn read(token: &[u8], secret: &[u8]) -> Option<Proven> {
    let text = std::str::from_utf8(token).ok()?;
    let (signed, signature) = text.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header = decode(header)?;
    let header = json::object(json::value(&header)?)?;
    let hash = match header.last("alg").and_then(json::text)?.as_str() {
        "HS256" => hmac::HMAC_SHA256,
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => return None,
    };
    let right = hmac::sign(&hmac::Key::new(hash, secret), signed.as_bytes());
    let is_critical = header.last("crit").is_some_and(|crit| crit.get() != "null");
    if encode(right.as_ref()) != signature || is_critical {
        return None;
    }
    let claims = decode(claims)?;
    let claims = json::object(json::value(&claims)?)?;
    Some(Proven {
        subject: claims.last("sub").and_then(json::text),
        expires: claims.last("exp").and_then(|exp| serde_json::from_str(exp.get()).ok()),
        rooms: claims.last("rooms").and_then(|rooms| serde_json::from_str(rooms.get()).ok()),
    })
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Base64url without padding (RFC 4648 section 5).
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for digit in 0..=group.len() {
            let place = bits >> (18 - 6 * digit) & 0x3f;
            text.push(char::from(DIGITS[place as usize]));
        }
    }
    text
}

/// The reverse; `None` for what [`encode`] does not write.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for group in text.as_bytes().chunks(4) {
        let bits = group.iter().try_fold(0_u32, |bits, byte| {
            let place = DIGITS.iter().position(|digit| digit == byte)?;
            Some(bits << 6 | place as u32)
        })?;
        let bits = bits << (6 * (4 - group.len()));
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    (encode(&bytes) == text).then_some(bytes)
}
