//! Makes tokens, for development and tests.
//!
//! Whoever lets people log in makes those that count.

use jsonwebtoken::{EncodingKey, Header, encode};
use serde::Serialize;

use super::provider;

/// What a new token is to say; times are seconds since 1970.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TokenDraft<'a> {
    /// Who bears it.
    #[serde(rename = "sub")]
    pub subject: &'a str,
    /// The patterns of the rooms that it may use; `None` = all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<&'a [String]>,
    /// Who makes it.
    #[serde(rename = "iss", skip_serializing_if = "Option::is_none")]
    pub issuer: Option<&'a str>,
    /// Whom it is for.
    #[serde(rename = "aud", skip_serializing_if = "Option::is_none")]
    pub audience: Option<&'a str>,
    /// When it is made.
    #[serde(rename = "iat")]
    pub issued_at: u64,
    /// When it ends.
    #[serde(rename = "exp")]
    pub expires_at: u64,
}

/// Signs a token with a shared secret, HS256.
///
/// # Errors
/// The cryptography's.
pub fn mint(secret: &[u8], draft: &TokenDraft<'_>) -> Result<String, jsonwebtoken::errors::Error> {
    provider::install();
    encode(&Header::default(), draft, &EncodingKey::from_secret(secret))
}
