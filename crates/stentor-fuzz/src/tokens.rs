//! Tokens: whoever was not named by the key's owner is nobody, and learns nothing from being told.
//!
//! The server here knows one shared secret. A test may sign, and judges a token by its own reading
//! of RFC 7515: three parts in base64url, an algorithm of the secret's, the right signature.
//!
//! An input is taken twice: as a token; and as a header and claims with a NUL byte between them,
//! which are signed in every way that there is, right and wrong.

mod forged;
mod independent;

use std::sync::LazyLock;

use forged::Forgery;
use stentor_server::Settings;
use stentor_server::engine::{Gate, Identity};
use stentor_server::identity::{Keys, Rules, Verifier};
use stentor_server::settings::IdentitySettings;

use crate::door::{HANDSHAKE, Refused, Said, TestedDoor};

/// The secret of the server.
const SECRET: &[u8] = b"a secret of fuzz targets, 40 bytes long.";

/// In the year 2026, in milliseconds since 1970.
const NOW_UNIX_MILLIS: u64 = 1_770_249_600_000;

/// By how much clocks may differ, in milliseconds: the default of the rules.
const LEEWAY_MILLIS: u64 = 30_000;

/// The longest token that is shown to the door, in bytes.
const SHOWN_BYTES_MAX: usize = 1_024;

/// How many characters of a signed token are changed, each on its own.
const CHANGES_MAX: usize = 16;

/// The longest subject, in bytes.
const SUBJECT_BYTES_MAX: usize = 256;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| Verifier::new(keys(), Rules::default()));

/// A server that wants a token.
static DOOR: LazyLock<TestedDoor> = LazyLock::new(|| {
    let identity = IdentitySettings {
        is_required: true,
        keys: keys(),
        rules: Rules::default(),
        jwks_file: None,
    };
    TestedDoor::of(&Settings { identity: Some(identity), ..Settings::default() })
});

/// What the door says to the plainest of bad tokens.
static REFUSED: LazyLock<(u16, String, String)> = LazyLock::new(|| match knock(b"x") {
    Said::Refuse(Refused { status, code, message }) => (status, code, message),
    other => panic!("a bad token is {other:?}"),
});

fn keys() -> Keys {
    Keys::default().with_secret(SECRET).expect("a secret")
}

/// Panics where a promise about tokens is broken.
pub fn body(input: &[u8]) {
    judge(input);
    let mut parts = input.splitn(2, |byte| *byte == 0);
    let (Some(header), Some(claims)) = (parts.next(), parts.next()) else { return };
    let signed = forged::signed(header, claims);
    judge(&signed);
    for forgery in Forgery::ALL {
        let token = forgery.of(header, claims, &signed);
        let is_nobody = VERIFIER.verify(&token, NOW_UNIX_MILLIS).is_err();
        assert!(is_nobody, "{forgery:?} was believed: {}", String::from_utf8_lossy(&token));
    }
    // One character of a signed token is another: whichever it is, the rest of the input says.
    for (&at, &other) in claims.iter().zip(header).take(CHANGES_MAX) {
        let mut changed = signed.clone();
        let at = usize::from(at) * 7 % changed.len();
        changed[at] = other;
        if changed != signed {
            assert!(VERIFIER.verify(&changed, NOW_UNIX_MILLIS).is_err(), "byte {at} is {other}");
        }
    }
}

/// Whoever is believed was named by the secret's owner, and has not expired; everybody else is told
/// the same.
fn judge(token: &[u8]) {
    match VERIFIER.verify(token, NOW_UNIX_MILLIS) {
        Ok(identity) => check(&identity, token),
        Err(_) => {
            // An empty parameter is none, and a head has no room for a longer one.
            if !token.is_empty() && token.len() <= SHOWN_BYTES_MAX {
                hears_the_same(token);
            }
        }
    }
}

fn check(identity: &Identity, token: &[u8]) {
    let proven = independent::read(token, SECRET).expect("it is signed with the secret");
    let subject = proven.subject.as_deref();
    assert_eq!(subject, Some(&*identity.user), "who it is, the claims say");
    assert!((1..=SUBJECT_BYTES_MAX).contains(&identity.user.len()));
    assert!(!identity.user.chars().any(char::is_control));
    let expires = proven.expires.expect("a token that is believed ends");
    assert!(expires * 1_000.0 + LEEWAY_MILLIS as f64 > NOW_UNIX_MILLIS as f64, "{expires}");
    assert!(identity.expires_at_unix_millis.is_some_and(|at| at > NOW_UNIX_MILLIS));
    assert_eq!(identity.rooms.is_some(), proven.rooms.is_some(), "rooms limit if they are there");
    if let (Some(patterns), Some(rooms)) = (&identity.rooms, &proven.rooms) {
        assert!(
            patterns.iter().eq(rooms.iter().map(String::as_str)),
            "the patterns are those said"
        );
    }
}

/// The door goes by the system's clock: a token that would be good at another time may come in.
fn hears_the_same(token: &[u8]) {
    match knock(token) {
        Said::Refuse(Refused { status, code, message }) => {
            assert_eq!((status, code, message), *REFUSED, "every refusal is the same");
        }
        Said::Admit(_) => {
            independent::read(token, SECRET).expect("whoever comes in is named by the secret");
        }
        other => panic!("a token gets {other:?}"),
    }
}

fn knock(token: &[u8]) -> Said {
    let encoded = crate::rooms::percent_encoded(token);
    let head = format!("GET /ws?token={encoded} HTTP/1.1\r\n{HANDSHAKE}\r\n");
    DOOR.knock(head.as_bytes(), Gate::Open)
}
