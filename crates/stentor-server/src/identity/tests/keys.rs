//! Which keys are taken, and which of several a token is held against.

use super::forge::{base64url, jwk, jwks, token_with_header};
use super::*;

fn set(keys: &[String]) -> KeySet {
    KeySet::parse(jwks(keys).as_bytes()).expect("a set")
}

fn by_set(keys: &[String]) -> Verifier {
    verifier(Keys::default().with_set(&set(keys)))
}

fn with_kid(algorithm: &str, kid: &str) -> String {
    token_with_header(algorithm, &format!(r#"{{"alg":"{algorithm}","kid":"{kid}"}}"#), &claims(""))
}

#[test]
fn every_algorithm_is_believed_with_a_key_of_a_set() {
    for algorithm in ALGORITHMS {
        let verifier = by_set(&[jwk(algorithm, r#","kid":"a","use":"sig""#)]);
        for token in [token(algorithm, &claims("")), with_kid(algorithm, "a")] {
            assert_eq!(verifier.verify(token.as_bytes(), NOW).map(drop), Ok(()), "{algorithm}");
        }
        let unknown = with_kid(algorithm, "b");
        assert_eq!(verifier.verify(unknown.as_bytes(), NOW), Err(Refusal::NoKey), "{algorithm}");
    }
}

#[test]
fn a_kid_chooses_among_keys_and_a_token_without_one_is_held_against_those_of_its_algorithm() {
    let other = r#"{"kty":"oct","kid":"other","k":"b3RoZXIgc2VjcmV0"}"#.to_owned();
    let verifier = by_set(&[other, jwk("HS256", r#","kid":"ours""#), jwk("RS256", "")]);
    let verdict = |token: String| verifier.verify(token.as_bytes(), NOW).map(drop);
    assert_eq!(verdict(token("HS256", &claims(""))), Ok(()));
    assert_eq!(verdict(with_kid("HS256", "ours")), Ok(()));
    assert_eq!(verdict(with_kid("HS256", "other")), Err(Refusal::Signature));
    assert_eq!(verdict(with_kid("HS256", "third")), Err(Refusal::NoKey));
    assert_eq!(verdict(with_kid("RS256", "anything")), Ok(()));
}

#[test]
fn a_key_with_alg_is_for_that_algorithm_only() {
    let verifier = by_set(&[jwk("RS256", r#","alg":"RS256""#)]);
    assert!(verifier.verify(token("RS256", &claims("")).as_bytes(), NOW).is_ok());
    for other in ["RS512", "PS256"] {
        let verdict = verifier.verify(token(other, &claims("")).as_bytes(), NOW);
        assert_eq!(verdict, Err(Refusal::NoKey), "{other}");
    }
}

#[test]
fn several_sources_count_together_and_a_set_can_be_replaced_alone() {
    let keys = keys_for("HS256").with_public_key(public_pem("ES256")).expect("a key");
    let verifier = verifier(keys.with_set(&set(&[jwk("RS256", r#","kid":"old""#)])));
    let verdict =
        |algorithm| verifier.verify(token(algorithm, &claims("")).as_bytes(), NOW).map(drop);
    for algorithm in ["HS256", "ES256", "RS256"] {
        assert_eq!(verdict(algorithm), Ok(()), "{algorithm}");
    }
    verifier.replace_set(&set(&[jwk("EdDSA", r#","kid":"new""#)]));
    assert_eq!(verdict("RS256"), Err(Refusal::NoKey));
    for algorithm in ["HS256", "ES256", "EdDSA"] {
        assert_eq!(verdict(algorithm), Ok(()), "{algorithm}");
    }
}

#[test]
fn a_token_is_held_against_four_keys_at_most() {
    let other = |index: usize| {
        let secret = base64url(format!("another secret that is long enough, {index}"));
        format!(r#"{{"kty":"oct","kid":"{index}","k":"{secret}"}}"#)
    };
    let behind = |others: usize| {
        let keys: Vec<String> =
            (0..others).map(other).chain([jwk("HS256", r#","kid":"ours""#)]).collect();
        let verifier = by_set(&keys);
        let named = verifier.verify(with_kid("HS256", "ours").as_bytes(), NOW);
        assert!(named.is_ok(), "its name finds it anywhere");
        verifier.verify(token("HS256", &claims("")).as_bytes(), NOW).map(drop)
    };
    assert_eq!(behind(3), Ok(()));
    assert_eq!(behind(4), Err(Refusal::Signature));
}

#[test]
fn keys_for_something_else_are_skipped_with_a_warning() {
    let good = jwk("ES256", r#","kid":"good""#);
    let rsa1024 = format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, base64url([0xff; 128]));
    for (skipped, reason) in [
        (jwk("RS256", r#","use":"enc""#), "use"),
        (jwk("RS256", r#","key_ops":["encrypt"]"#), "key_ops"),
        (jwk("RS256", r#","alg":"RSA-OAEP""#), "alg"),
        (jwk("RS256", r#","alg":"ES256""#), "ES256"),
        (jwk("ES256", r#","alg":"ES384""#), "ES384"),
        (jwk("RS256", r#","kid":"""#), "kid"),
        (jwk("ES256", "").replace("P-256", "P-384"), "crv"),
        (jwk("ES256", "").replace("P-256", "P-521"), "crv"),
        (jwk("ES256", "").replace("P-256", "secp256k1"), "crv"),
        (jwk("EdDSA", "").replace("Ed25519", "X25519"), "crv"),
        (r#"{"kty":"new","kid":"x"}"#.to_owned(), "kty"),
        (r#"{"kty":"RSA","n":"AQAB"}"#.to_owned(), "kty"),
        (r#"{"kty":"oct","k":""}"#.to_owned(), "empty"),
        (r#"{"kty":"oct","k":"no base64!"}"#.to_owned(), "base64url"),
        (rsa1024, "1024 bits"),
        ("{}".to_owned(), "kty"),
        ("7".to_owned(), "JSON Web Key"),
    ] {
        let set = set(&[skipped.clone(), good.clone()]);
        assert_eq!((set.count(), set.warnings.len()), (1, 1), "{skipped}: {:?}", set.warnings);
        assert!(set.warnings[0].contains(reason), "{skipped}: {:?}", set.warnings);
        assert!(KeySet::parse(jwks(&[skipped]).as_bytes()).is_err());
    }
    let odd = set(&[jwk("RS256", r#","d":"AQAB""#)]);
    assert_eq!((odd.count(), odd.warnings.len()), (1, 1), "{:?}", odd.warnings);
    let short = set(&[r#"{"kty":"oct","k":"c2hvcnQ"}"#.to_owned()]);
    assert!(short.warnings[0].contains("32 bytes"), "{:?}", short.warnings);
}

#[test]
fn what_is_no_set_is_refused_without_showing_it() {
    let many = vec![jwk("HS256", ""); 65];
    for text in [
        "",
        "{}",
        "[]",
        "n33dle",
        r#"[[{"kty":"oct","k":"bjMzZGxl"}]]"#,
        r#"{"keys":{}}"#,
        r#"{"keys":"n33dle"}"#,
        r#"{"keys":[]}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","k":"n33dle!"}]}"#,
        &jwks(&many),
    ] {
        let fault = KeySet::parse(text.as_bytes()).expect_err(text);
        assert!(!fault.contains("n33dle"), "{fault}");
    }
    assert_eq!(set(&many[..64]).count(), 64);
}

#[test]
fn a_public_key_is_taken_as_openssl_writes_it_and_nothing_else_is() {
    for (pem, reason) in [
        (include_str!("keys/rsa.private.pem"), "private"),
        (include_str!("keys/rsa.traditional.pem"), "private"),
        (include_str!("keys/rsa.encrypted.pem"), "private"),
        (include_str!("keys/ed25519.private.pem"), "private"),
        (include_str!("keys/rsa.pkcs1.pem"), "RSAPublicKey_in"),
        (include_str!("keys/rsa.certificate.pem"), "certificate"),
        (include_str!("keys/rsa1024.public.pem"), "1024 bits"),
        (include_str!("keys/p521.public.pem"), "P-256"),
        (include_str!("keys/secp256k1.public.pem"), "P-256"),
        (include_str!("keys/p256_compressed.public.pem"), "P-256"),
        ("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "P-256"),
        ("-----BEGIN PUBLIC KEY-----\nMFkwEw", "PEM"),
        ("-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----", "PEM"),
        ("", "PEM"),
        (&format!("{0}{0}", public_pem("EdDSA")), "JWT_JWKS_FILE"),
    ] {
        let fault = Keys::default().with_public_key(pem).expect_err(pem);
        assert!(fault.contains(reason), "{pem}: {fault}");
        let body = pem.lines().nth(1).filter(|line| line.len() > 8);
        assert!(body.is_none_or(|body| !fault.contains(body)), "{fault}");
    }
    let spacious = format!("\n# ours\n{}\n\n", public_pem("ES384").replace('\n', "\r\n"));
    assert!(Keys::default().with_public_key(&spacious).is_ok());
}

#[test]
fn a_secret_that_is_empty_or_a_pem_key_is_refused() {
    assert!(Keys::default().with_secret(b"").is_err());
    let fault = Keys::default().with_secret(public_pem("RS256").as_bytes()).expect_err("a PEM");
    assert!(fault.contains("JWT_PUBLIC_KEY"), "{fault}");
}

#[test]
fn keys_do_not_show_themselves() {
    let keys = Keys::default().with_secret(b"n33dle").expect("a secret");
    let keys = keys.with_set(&set(&[r#"{"kty":"oct","k":"bjMzZGxl"}"#.to_owned()]));
    let shown = format!("{:?} {:#?}", keys, verifier(keys.clone()));
    let bytes = format!("{:?}", b"n33dle");
    assert!(!shown.contains("n33dle") && !shown.contains(&bytes[1..bytes.len() - 1]), "{shown}");
}
