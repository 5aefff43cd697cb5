use super::*;
use crate::identity::tests::forge;
use crate::identity::{Keys, Rules};
use crate::settings::IdentitySettings;

fn guard(is_required: bool) -> Guard {
    let keys = Keys::default().with_secret(forge::SECRET.as_bytes()).expect("a secret");
    let rules = Rules::default();
    let identity = IdentitySettings { is_required, keys, rules, jwks_file: None };
    Guard::new(&Settings { identity: Some(identity), ..Settings::default() })
}

fn good(members: &str) -> String {
    forge::token("HS256", &format!(r#"{{"sub":"alice","exp":250000000000{members}}}"#))
}

fn check(guard: &Guard, token: &str, rooms: &[&str]) -> Result<Option<Identity>, Kind> {
    let request = Request::get(format!("/ws?token={token}")).body(()).expect("a request");
    let room = |room: &&str| RoomName::parse(room).expect("a room");
    let rooms: Vec<_> = rooms.iter().map(room).collect();
    let outcome = guard.check(&request, &rooms);
    outcome.map(|identity| identity.map(|identity| *identity)).map_err(|problem| problem.kind)
}

#[test]
fn without_a_key_a_token_means_nothing() {
    let guard = Guard::new(&Settings::default());
    assert_eq!(check(&guard, "rubbish", &["a"]), Ok(None));
    assert!(guard.recognise(br#"{"token":"x"}"#).is_err());
}

#[test]
fn a_token_is_needed_where_it_is_required_and_must_be_good_where_it_is_sent() {
    assert_eq!(check(&guard(true), "", &[]), Err(Kind::Unauthorized));
    assert_eq!(check(&guard(false), "", &[]), Ok(None));
    for guard in [guard(true), guard(false)] {
        assert_eq!(check(&guard, "rubbish", &[]), Err(Kind::InvalidToken));
        let identity = check(&guard, &good(""), &["a"]).expect("let in").expect("an identity");
        assert_eq!(&*identity.user, "alice");
    }
}

#[test]
fn a_room_that_the_token_does_not_allow_is_forbidden_and_no_room_at_all_is_not() {
    let token = good(r#","rooms":["team-*"]"#);
    assert!(check(&guard(true), &token, &["team-1", "team-2"]).is_ok());
    assert!(check(&guard(true), &token, &[]).is_ok());
    assert_eq!(check(&guard(true), &token, &["team-1", "b"]), Err(Kind::ForbiddenRoom));
}

#[test]
fn an_auth_message_is_an_object_with_a_token_or_the_token_alone() {
    let guard = guard(true);
    let recognise = |data: &str| guard.recognise(data.as_bytes());
    let data = format!(r#"{{"token":"{}","more":1}}"#, good(""));
    assert_eq!(&*recognise(&data).expect("a good token").user, "alice");
    let escaped = data.replace('.', "\\u002e");
    assert!(recognise(&escaped).is_ok());
    assert!(recognise(&format!("\"{}\"", good(""))).is_ok());
    for data in ["{}", "null", "7", "[\"x\"]", r#"{"token":7}"#, r#"{"token":null}"#] {
        let told = recognise(data).expect_err(data);
        assert!(told.contains("an object with a token"), "{data}: {told}");
    }
    for token in ["", "x", &"x".repeat(9_000)] {
        let told = recognise(&format!(r#"{{"token":"{token}"}}"#)).expect_err("a bad token");
        assert_eq!(told, NOT_BELIEVED);
        assert_eq!(recognise(&format!("\"{token}\"")).expect_err("a bad token"), NOT_BELIEVED);
    }
}
