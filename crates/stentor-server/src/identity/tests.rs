//! Tokens against a verifier: who is believed, and who is not.

#[allow(dead_code, reason = "shared with the integration tests, which use more of it")]
pub(crate) mod forge;
mod keys;
mod lies;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use forge::{SECRET, token};

/// When all of this takes place, in seconds and milliseconds since 1970.
const NOW_SECONDS: u64 = 1_800_000_000;
const NOW: u64 = NOW_SECONDS * 1_000;

const ALGORITHMS: [&str; 12] = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
    "ES384", "EdDSA",
];

/// Claims of alice that are good for an hour, with these members beside.
fn claims(members: &str) -> String {
    format!(r#"{{"sub":"alice","exp":{}{members}}}"#, NOW_SECONDS + 3_600)
}

fn public_pem(algorithm: &str) -> &'static str {
    match &algorithm[..2] {
        "RS" | "PS" => forge::RSA_PUBLIC,
        "ES" if algorithm == "ES256" => include_str!("tests/keys/p256.public.pem"),
        "ES" => include_str!("tests/keys/p384.public.pem"),
        _ => include_str!("tests/keys/ed25519.public.pem"),
    }
}

/// The key of one algorithm and no other.
fn keys_for(algorithm: &str) -> Keys {
    let keys = match algorithm.starts_with("HS") {
        true => Keys::default().with_secret(SECRET.as_bytes()),
        false => Keys::default().with_public_key(public_pem(algorithm)),
    };
    keys.expect("a key of tests")
}

fn verifier(keys: Keys) -> Verifier {
    Verifier::new(keys, Rules::default())
}

fn by_secret() -> Verifier {
    verifier(keys_for("HS256"))
}

/// What becomes of claims that are signed as they should be.
fn judge(claims: &str) -> Result<stentor_engine::Identity, Refusal> {
    by_secret().verify(token("HS256", claims).as_bytes(), NOW)
}

#[test]
fn the_cryptography_passes_its_self_test() {
    assert_eq!(self_test(), Ok(()));
}

#[test]
fn every_algorithm_of_the_contract_is_believed_with_its_key_and_with_no_other() {
    for algorithm in ALGORITHMS {
        let good = token(algorithm, &claims(""));
        for other in ALGORITHMS {
            let verdict = verifier(keys_for(other)).verify(good.as_bytes(), NOW);
            if public_or_secret(algorithm) == public_or_secret(other) {
                assert_eq!(&*verdict.expect(algorithm).user, "alice");
            } else {
                assert_eq!(verdict, Err(Refusal::NoKey), "{algorithm} with the key of {other}");
            }
        }
    }
}

/// Which key an algorithm is of.
fn public_or_secret(algorithm: &str) -> &str {
    if algorithm.starts_with("HS") { SECRET } else { public_pem(algorithm) }
}

#[test]
fn every_algorithm_is_refused_where_one_byte_of_message_or_signature_differs() {
    for algorithm in ALGORITHMS {
        let good = token(algorithm, &claims(""));
        let other = token(algorithm, &claims(r#","rooms":["a"]"#));
        let (message, _) = good.rsplit_once('.').expect("three parts");
        let (_, foreign) = other.rsplit_once('.').expect("three parts");
        let verdict =
            verifier(keys_for(algorithm)).verify(format!("{message}.{foreign}").as_bytes(), NOW);
        assert_eq!(verdict, Err(Refusal::Signature), "{algorithm}");
        let verdict = verifier(keys_for(algorithm)).verify(format!("{message}.").as_bytes(), NOW);
        assert_eq!(verdict, Err(Refusal::Signature), "{algorithm} without a signature");
    }
}

#[test]
fn an_identity_is_what_the_claims_say() {
    let identity = judge(&claims(r#","rooms":["team-*","lobby"],"admin":true"#)).expect("good");
    assert_eq!(&*identity.user, "alice");
    assert_eq!(identity.expires_at_unix_millis, Some(NOW + 3_600_000));
    let rooms = identity.rooms.expect("patterns");
    assert!(rooms.allow("team-1") && rooms.allow("lobby") && !rooms.allow("other"));
    assert_eq!(judge(&claims("")).expect("good").rooms, None);
    let nowhere = judge(&claims(r#","rooms":[]"#)).expect("good").rooms.expect("patterns");
    assert!(!nowhere.allow("a"));
}

#[test]
fn a_token_ends_with_the_leeway_and_one_let_in_within_it_lasts_as_long() {
    let exp = |offset: i64| {
        let seconds = NOW_SECONDS as i64 + offset;
        judge(&format!(r#"{{"sub":"a","exp":{seconds}}}"#)).map(|i| i.expires_at_unix_millis)
    };
    assert_eq!(exp(1), Ok(Some(NOW + 1_000)));
    assert_eq!(exp(0), Ok(Some(NOW + 30_000)));
    assert_eq!(exp(-29), Ok(Some(NOW + 1_000)));
    assert_eq!(exp(-30), Err(Refusal::Expired));
    assert_eq!(exp(-3_600), Err(Refusal::Expired));
}

#[test]
fn a_token_begins_at_nbf_less_the_leeway() {
    let nbf = |offset: i64| {
        let seconds = NOW_SECONDS as i64 + offset;
        judge(&claims(&format!(r#","nbf":{seconds}"#))).map(drop)
    };
    assert_eq!(nbf(-1), Ok(()));
    assert_eq!(nbf(30), Ok(()));
    assert_eq!(nbf(31), Err(Refusal::NotYet));
}

#[test]
fn times_may_be_fractions_and_must_be_times() {
    let exp = |text: &str| judge(&format!(r#"{{"sub":"a","exp":{text}}}"#));
    let fraction = exp(&format!("{NOW_SECONDS}.5")).expect("a NumericDate");
    assert_eq!(fraction.expires_at_unix_millis, Some(NOW + 500));
    assert!(exp("1.9e9").is_ok() && exp("253402300799").is_ok());
    for absurd in [
        "-1",
        "-1.5",
        "253402300800",
        "1800000003600",
        "18446744073709551615",
        "1e300",
        "1e999",
        "null",
        "true",
        "\"1900000000\"",
        "[1900000000]",
        "{}",
    ] {
        assert_eq!(exp(absurd).map(drop), Err(Refusal::Claims), "{absurd}");
        let nbf = judge(&claims(&format!(r#","nbf":{absurd}"#)));
        assert_eq!(nbf.map(drop), Err(Refusal::Claims), "nbf {absurd}");
    }
}

#[test]
fn exp_and_sub_must_be_there_once_and_be_of_their_type() {
    let exp = NOW_SECONDS + 1;
    for bad in [
        r#"{"sub":"a"}"#.to_owned(),
        format!(r#"{{"exp":{exp}}}"#),
        format!(r#"{{"sub":7,"exp":{exp}}}"#),
        format!(r#"{{"sub":null,"exp":{exp}}}"#),
        format!(r#"{{"sub":["a"],"exp":{exp}}}"#),
        format!(r#"{{"sub":"a","exp":{exp},"exp":{exp}}}"#),
        format!(r#"{{"sub":"a","sub":"b","exp":{exp}}}"#),
        format!(r#"{{"sub":"a","exp":1,"exp":{exp}}}"#),
        format!(r#"["a",{exp}]"#),
        format!(r#"["a",{exp},{exp},["a"],"a","a"]"#),
        format!(r#"{{"sub":"a","exp":{exp}}} and more"#),
        format!(r#"{{"sub":"a","exp":{exp},"aud":{}1{}}}"#, "[".repeat(1_000), "]".repeat(1_000)),
        "null".to_owned(),
        "{}".to_owned(),
        String::new(),
    ] {
        assert_eq!(judge(&bad).map(drop), Err(Refusal::Claims), "{bad}");
    }
}

#[test]
fn claims_that_mean_nothing_here_may_be_anything() {
    let deep =
        format!(r#","x":{}1{},"x":"\ud83d","iat":"soon""#, "[".repeat(1_000), "]".repeat(1_000));
    assert!(judge(&claims(&deep)).is_ok());
}

#[test]
fn a_subject_is_1_to_256_bytes_without_control_characters() {
    let of = |sub: &str| {
        let sub = serde_json::to_string(sub).expect("a text");
        judge(&format!(r#"{{"sub":{sub},"exp":{}}}"#, NOW_SECONDS + 1)).map(|i| i.user.to_string())
    };
    for good in ["a", "auth0|5f7c8ec7c33c6c004bbafe82", "Zoë ✨", &"x".repeat(256)] {
        assert_eq!(of(good).as_deref(), Ok(good));
    }
    for bad in ["", "a\nb", "\u{0}", "\u{85}", &"x".repeat(257), &"ü".repeat(129)] {
        assert_eq!(of(bad), Err(Refusal::Subject), "{bad:?}");
    }
}

#[test]
fn rooms_are_a_list_of_patterns_and_null_does_not_mean_all() {
    for bad in ["null", "\"team-*\"", "[1]", "[null]", "{}", "[[\"a\"]]", "true"] {
        let verdict = judge(&claims(&format!(r#","rooms":{bad}"#)));
        assert_eq!(verdict.map(drop), Err(Refusal::Claims), "{bad}");
    }
    let many = format!("[{}]", vec!["\"a\""; 129].join(","));
    for bad in ["[\"\"]", "[\"a\\nb\"]", &format!("[\"{}\"]", "x".repeat(129)), &many] {
        let verdict = judge(&claims(&format!(r#","rooms":{bad}"#)));
        assert_eq!(verdict.map(drop), Err(Refusal::Rooms), "{bad}");
    }
    let most = format!(r#","rooms":[{}]"#, vec!["\"a\""; 128].join(","));
    assert!(judge(&claims(&most)).is_ok());
}

#[test]
fn issuer_and_audience_count_where_they_are_configured() {
    let rules = Rules {
        issuers: vec!["https://id.example".to_owned(), "other".to_owned()],
        audiences: vec!["chat".to_owned(), "stentor".to_owned()],
        leeway: Duration::ZERO,
    };
    let strict = Verifier::new(keys_for("HS256"), rules);
    let verdict = |members: &str| {
        let token = token("HS256", &claims(members));
        assert!(by_secret().verify(token.as_bytes(), NOW).is_ok(), "{members}");
        strict.verify(token.as_bytes(), NOW).map(drop)
    };
    let good = r#","iss":"https://id.example","aud""#;
    assert_eq!(verdict(&format!(r#"{good}:"chat""#)), Ok(()));
    assert_eq!(verdict(&format!(r#"{good}:["x","stentor"]"#)), Ok(()));
    assert_eq!(verdict(r#","iss":"other","aud":"chat""#), Ok(()));
    for members in [
        "",
        r#","iss":"https://id.example.evil","aud":"chat""#,
        r#","iss":"HTTPS://id.example","aud":"chat""#,
        r#","iss":["https://id.example"],"aud":"chat""#,
        r#","iss":null,"aud":"chat""#,
    ] {
        assert_eq!(verdict(members), Err(Refusal::Issuer), "{members}");
    }
    for aud in ["[]", "\"chats\"", "[\"chats\"]", "null", "7", "{\"chat\":1}", "[[\"chat\"]]"] {
        assert_eq!(verdict(&format!("{good}:{aud}")), Err(Refusal::Audience), "{aud}");
    }
    assert_eq!(verdict(r#","iss":"other""#), Err(Refusal::Audience));
}

#[test]
fn a_token_that_is_made_here_is_believed_and_says_what_it_was_told() {
    let rooms = ["team-*".to_owned()];
    let draft = TokenDraft {
        subject: "alice",
        rooms: Some(&rooms),
        issuer: Some("me"),
        audience: Some("you"),
        issued_at: NOW_SECONDS,
        expires_at: NOW_SECONDS + 60,
    };
    let token = mint(SECRET.as_bytes(), &draft).expect("a token");
    let rules = Rules {
        issuers: vec!["me".to_owned()],
        audiences: vec!["you".to_owned()],
        ..Rules::default()
    };
    let identity = Verifier::new(keys_for("HS256"), rules).verify(token.as_bytes(), NOW);
    let identity = identity.expect("a good token");
    assert_eq!(&*identity.user, "alice");
    assert!(identity.rooms.is_some_and(|rooms| rooms.allow("team-x") && !rooms.allow("x")));
}

proptest! {
    #[test]
    fn no_bytes_are_believed_and_none_panic(bytes in prop::collection::vec(any::<u8>(), 0..9_000)) {
        prop_assert!(by_secret().verify(&bytes, NOW).is_err());
    }

    #[test]
    fn no_change_of_one_byte_is_believed(at in 0_usize..1_000, byte in any::<u8>()) {
        let mut token = token("HS256", &claims("")).into_bytes();
        let at = at % token.len();
        let before = std::mem::replace(&mut token[at], byte);
        prop_assert_eq!(by_secret().verify(&token, NOW).is_ok(), before == byte);
    }
}
