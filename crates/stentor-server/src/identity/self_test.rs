//! Whether the cryptography works, asked before a client can find out.
//!
//! `jsonwebtoken` panics at the first token where it has no provider; a build without one, or with
//! a wrong one, must not get as far as a port.

use std::fmt;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};

use super::mint::{TokenDraft, mint};
use super::{Keys, Rules, Verifier, provider};

/// The examples of RFC 7515 sections A.1 to A.3 and RFC 8037 section A.4: algorithm, key, what is
/// signed, signature.
const KNOWN: [(Algorithm, &str, &str, &str); 4] = [
    (
        Algorithm::HS256,
        r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#,
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    ),
    (
        Algorithm::RS256,
        r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#,
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    ),
    (
        Algorithm::ES256,
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ),
    (
        Algorithm::EdDSA,
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    ),
];

/// The cryptography does not work: the fault is the program's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfTestFailure(&'static str);

impl fmt::Display for SelfTestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the self-test of tokens failed: {}", self.0)
    }
}

impl std::error::Error for SelfTestFailure {}

/// Checks known signatures, a wrong one of each kind, and a token of its own.
///
/// # Errors
/// The first thing that did not come out as it must. A provider that panics counts as one.
pub fn self_test() -> Result<(), SelfTestFailure> {
    provider::install();
    let outcome = std::panic::catch_unwind(|| {
        for (algorithm, key, message, signature) in KNOWN {
            check_known(algorithm, key, message, signature)?;
        }
        check_round()
    });
    outcome.unwrap_or(Err(SelfTestFailure("it panicked")))
}

fn check_known(
    algorithm: Algorithm,
    key: &str,
    message: &str,
    signature: &str,
) -> Result<(), SelfTestFailure> {
    let jwk: Jwk = serde_json::from_str(key).map_err(|_| SelfTestFailure("an example's JWK"))?;
    let key = DecodingKey::from_jwk(&jwk).map_err(|_| SelfTestFailure("an example's key"))?;
    let verify = |message: &str| crypto::verify(signature, message.as_bytes(), &key, algorithm);
    if !matches!(verify(message), Ok(true)) {
        return Err(SelfTestFailure("a known signature was refused"));
    }
    if !matches!(verify(&format!("{message}x")), Ok(false)) {
        return Err(SelfTestFailure("a signature of something else was taken"));
    }
    Ok(())
}

/// From a draft to a token to an identity, by the code that clients meet.
fn check_round() -> Result<(), SelfTestFailure> {
    const SECRET: &[u8] = b"a secret that is only good for itself";
    let draft = TokenDraft { subject: "self-test", expires_at: 2, ..TokenDraft::default() };
    let failed = |_| SelfTestFailure("a token of our own was refused");
    let token = mint(SECRET, &draft).map_err(|_| SelfTestFailure("no token could be made"))?;
    let keys = Keys::default().with_secret(SECRET).map_err(failed)?;
    let verifier = Verifier::new(keys, Rules::default());
    let identity = verifier
        .verify(token.as_bytes(), 1_000)
        .map_err(|_| SelfTestFailure("a token of our own was refused"))?;
    if &*identity.user != draft.subject {
        return Err(SelfTestFailure("a token of our own says something else"));
    }
    Ok(())
}
