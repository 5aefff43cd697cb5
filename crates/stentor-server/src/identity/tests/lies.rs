//! Forgeries: each is a whole token that something less careful has believed.

use super::forge::{base64url, hs256, token_with_header};
use super::*;

fn verdict(token: &str) -> Result<(), Refusal> {
    by_secret().verify(token.as_bytes(), NOW).map(drop)
}

#[test]
fn no_algorithm_is_none_in_any_spelling() {
    for name in ["none", "None", "NONE", "nOnE", "", "hs256", "Hs256", "HS256 ", "HS257", "ES512"] {
        let header = format!(r#"{{"alg":"{name}"}}"#);
        for signature in ["", "AA"] {
            let token = format!("{}.{}.{signature}", base64url(&header), base64url(claims("")));
            assert_eq!(verdict(&token), Err(Refusal::Malformed), "{name:?} {signature:?}");
        }
        let signed = hs256(SECRET.as_bytes(), &header, &claims(""));
        assert_eq!(verdict(&signed), Err(Refusal::Malformed), "{name:?}");
    }
}

#[test]
fn a_public_key_is_not_a_secret_whatever_the_header_says() {
    for (algorithm, pem) in [("RS256", public_pem("RS256")), ("ES256", public_pem("ES256"))] {
        let verifier = verifier(keys_for(algorithm));
        for secret in [pem, pem.trim_end(), &pem.replace('\n', "\\n")] {
            let forged = hs256(secret.as_bytes(), r#"{"alg":"HS256"}"#, &claims(""));
            let outcome = verifier.verify(forged.as_bytes(), NOW);
            assert_eq!(outcome, Err(Refusal::NoKey), "{algorithm}");
            let forged =
                hs256(secret.as_bytes(), &format!(r#"{{"alg":"{algorithm}"}}"#), &claims(""));
            let outcome = verifier.verify(forged.as_bytes(), NOW);
            assert_eq!(outcome, Err(Refusal::Signature), "{algorithm}");
        }
    }
    let both = keys_for("HS256").with_public_key(public_pem("RS256")).expect("a key");
    let forged = hs256(public_pem("RS256").as_bytes(), r#"{"alg":"HS256"}"#, &claims(""));
    assert_eq!(verifier(both).verify(forged.as_bytes(), NOW), Err(Refusal::Signature));
}

#[test]
fn a_key_that_a_token_brings_along_is_not_looked_at() {
    let secret = base64url("mine");
    for member in [
        format!(r#""jwk":{{"kty":"oct","k":"{secret}"}}"#),
        r#""jku":"https://evil.example/keys.json""#.to_owned(),
        r#""x5u":"https://evil.example/cert.pem""#.to_owned(),
        r#""kid":"/dev/null""#.to_owned(),
        r#""kid":"../../etc/passwd""#.to_owned(),
        r#""kid":"' OR 1=1 --""#.to_owned(),
        r#""kid":"""#.to_owned(),
    ] {
        let forged = hs256(b"mine", &format!(r#"{{"alg":"HS256",{member}}}"#), &claims(""));
        assert_eq!(verdict(&forged), Err(Refusal::Signature), "{member}");
        let empty = hs256(b"", &format!(r#"{{"alg":"HS256",{member}}}"#), &claims(""));
        assert_eq!(verdict(&empty), Err(Refusal::Signature), "{member}");
    }
}

#[test]
fn a_header_with_extensions_that_must_be_understood_is_refused() {
    for crit in [r#"["exp"]"#, r#"["b64"],"b64":false"#, "[]"] {
        let token =
            token_with_header("HS256", &format!(r#"{{"alg":"HS256","crit":{crit}}}"#), &claims(""));
        assert_eq!(verdict(&token), Err(Refusal::Critical), "{crit}");
    }
}

#[test]
fn a_header_that_is_no_header_is_refused() {
    for header in [
        "",
        "{}",
        "null",
        "[]",
        r#"{"alg":"HS256""#,
        r#"{"alg":["HS256"]}"#,
        r#"{"alg":null}"#,
        r#"{"alg":"HS256","alg":"none"}"#,
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","kid":7}"#,
        r#"{"alg":"HS256","typ":{}}"#,
        r#"{"alg":"HS256"}{"alg":"HS256"}"#,
    ] {
        let token = token_with_header("HS256", header, &claims(""));
        assert_eq!(verdict(&token), Err(Refusal::Malformed), "{header}");
    }
    let deep = format!(r#"{{"alg":"HS256","x":{}1{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
    assert_eq!(verdict(&token_with_header("HS256", &deep, &claims(""))), Err(Refusal::Malformed));
}

#[test]
fn another_spelling_of_a_token_is_another_token() {
    let good = token("HS256", &claims(""));
    let parts: Vec<&str> = good.split('.').collect();
    let (header, claims, signature) = (parts[0], parts[1], parts[2]);
    for (spelling, expected) in [
        (format!("{good}="), Refusal::Malformed),
        (format!("{good}=="), Refusal::Malformed),
        (format!("{good}."), Refusal::Malformed),
        (format!(".{good}"), Refusal::Malformed),
        (format!("{good}.{signature}"), Refusal::Malformed),
        (format!("{header}.{claims}"), Refusal::Malformed),
        (format!("{header}..{signature}"), Refusal::Signature),
        (format!(" {good}"), Refusal::Malformed),
        (format!("{good}\n"), Refusal::Malformed),
        (good.replace('.', "%2E"), Refusal::Malformed),
        (format!("{header}.{claims}\u{0}.{signature}"), Refusal::Signature),
        (format!("{header}=.{claims}.{signature}"), Refusal::Malformed),
        (format!("{header}.{claims}=.{signature}"), Refusal::Signature),
    ] {
        assert_eq!(verdict(&spelling), Err(expected), "{spelling:?}");
    }
    // 32 bytes leave two bits of the last character over, which are zero in the one right spelling.
    let last = signature.chars().next_back().expect("a signature");
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let index = alphabet.find(last).expect("base64url");
    let same_bytes = &alphabet[index + 1..index + 2];
    let respelt = format!("{}{same_bytes}", &good[..good.len() - 1]);
    assert_eq!(verdict(&respelt), Err(Refusal::Malformed));
}

#[test]
fn rubbish_of_any_length_is_refused_and_what_is_too_long_is_not_looked_at() {
    assert_eq!(verdict(""), Err(Refusal::Malformed));
    assert_eq!(verdict(".."), Err(Refusal::Malformed));
    assert_eq!(verdict(&"x".repeat(9_000)), Err(Refusal::TooLong));
    assert_eq!(verdict(&".".repeat(8_000)), Err(Refusal::Malformed));
    let padded =
        |bytes: usize| token("HS256", &claims(&format!(r#","x":"{}""#, "y".repeat(bytes))));
    assert_eq!(verdict(&padded(6_000)), Ok(()));
    assert_eq!(verdict(&padded(6_200)), Err(Refusal::TooLong));
}
