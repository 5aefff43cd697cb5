use super::*;
use crate::identity::tests::forge;
use crate::identity::{Keys, Rules};

const NOW: u64 = 1_800_000_000_000;

fn explained(token: &str) -> Explanation {
    let keys = Keys::default().with_secret(forge::SECRET.as_bytes()).expect("a secret");
    explain(&Verifier::new(keys, Rules::default()), token, NOW)
}

fn explained_claims(claims: &str) -> Explanation {
    explained(&forge::token("HS256", claims))
}

#[test]
fn a_good_token_is_told_with_its_times_in_words_and_the_key_that_it_is_of() {
    let explanation = explained_claims(
        r#"{"sub":"alice","exp":1800003600,"iat":1799999820,"rooms":["team-*"],"x":{"y":1}}"#,
    );
    let text = &explanation.text;
    assert!(explanation.is_accepted, "{text}");
    for part in [
        "  alg  \"HS256\"\n",
        "  exp  1800003600  2027-01-15T09:00:00Z, in 1h\n",
        "  iat  1799999820  2027-01-15T07:57:00Z, 3m ago\n",
        "  x  {\"y\":1}\n",
        "accepted: JWT_SECRET says it is of \"alice\"\n",
        "  it may use the rooms \"team-*\"\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_bad_token_is_told_with_its_reason() {
    for (claims, reason) in [
        (r#"{"sub":"a","exp":1799999000}"#, "expired (exp)"),
        (r#"{"sub":"a","exp":1800003600000}"#, "before the year 10000"),
        (r#"{"sub":7,"exp":1800003600}"#, "invalid type: integer"),
        (r#"{"sub":"a","exp":1800003600,"nbf":1800003000}"#, "not valid yet"),
    ] {
        let explanation = explained_claims(claims);
        assert!(!explanation.is_accepted, "{claims}");
        assert!(explanation.text.contains(reason), "{}", explanation.text);
    }
    for (token, reason) in
        [("rubbish", "no signed token"), ("", "no signed token"), (&"x".repeat(9_000), "8 KiB")]
    {
        let explanation = explained(token);
        assert!(!explanation.is_accepted && explanation.text.contains(reason), "{token}");
    }
    let none = format!("{}.{}.", forge::base64url(r#"{"alg":"none"}"#), forge::base64url("{}"));
    assert!(explained(&none).text.contains("alg  \"none\""));
}

#[test]
fn nothing_that_a_terminal_could_obey_is_shown_as_it_is() {
    let escape = r#"{"sub":"\u001b[2J\u202e","\u001b]0;x\u0007":"y","exp":1e300,"z":["\u001b"]}"#;
    let text = explained_claims(escape).text;
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    assert!(!text.contains('\u{202e}'), "{text:?}");
}
