//! From a token to an identity.
//!
//! Knows no request, no clock and no file. The keys may be changed while shards ask.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{decode, decode_header};
use stentor_engine::Identity;

use super::claims::Claims;
use super::keys::Source;
use super::object::Object;
use super::{KeySet, Keys, Refusal, Rules, provider};
use crate::live::Live;

/// The longest token, in bytes; a longer one is refused before anything of it is decoded.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// How many keys one token is held against at most: those of its `kid` first, then those without
/// a name. A token past that is refused: a stranger decides how often this is done, and each try is
/// up to milliseconds of a shard (ES384).
const TRIES_MAX: usize = 4;

/// What tokens are held against.
#[derive(Debug)]
pub struct Verifier {
    keys: Live<Keys>,
    rules: Rules,
}

impl Verifier {
    /// A verifier with these keys and rules.
    pub fn new(keys: Keys, rules: Rules) -> Verifier {
        provider::install();
        Verifier { keys: Live::new(keys), rules }
    }

    /// Whom a token proves its bearer to be.
    ///
    /// # Errors
    /// The first thing that is wrong with it, for the operator.
    pub fn verify(&self, token: &[u8], now_unix_millis: u64) -> Result<Identity, Refusal> {
        let (claims, _) = self.proven(token)?;
        self.rules.judge(claims, now_unix_millis)
    }

    /// Replaces the keys of the set; those of the other settings stay.
    pub fn replace_set(&self, set: &KeySet) {
        self.keys.replace((*self.keys.now()).clone().with_set(set));
    }

    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The claims of a token whose signature is right, and which key it is of.
    pub(super) fn proven(&self, token: &[u8]) -> Result<(Claims, Source), Refusal> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refusal::TooLong);
        }
        let header = decode_header(token).map_err(|_| Refusal::Malformed)?;
        if header.crit.is_some() {
            return Err(Refusal::Critical);
        }
        let keys = self.keys.now();
        let mut refusal = Refusal::NoKey;
        for key in keys.fitting(header.alg, header.kid.as_deref()).take(TRIES_MAX) {
            match decode::<Object<Claims>>(token, &key.material, &key.validation) {
                Ok(token) => return Ok((token.claims.0, key.source)),
                Err(error) => match error.kind() {
                    ErrorKind::InvalidSignature => refusal = Refusal::Signature,
                    // The signature comes first, so its maker made these claims.
                    ErrorKind::Json(_) => return Err(Refusal::Claims),
                    _ => return Err(Refusal::Malformed),
                },
            }
        }
        Err(refusal)
    }
}
