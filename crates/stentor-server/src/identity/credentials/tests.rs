use hyper::Request;

use super::*;

fn request(target: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut builder = Request::get(target);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(()).expect("a request")
}

fn found(target: &str, headers: &[(&str, &str)]) -> Result<Option<String>, Refusal> {
    token(&request(target, headers))
        .map(|token| token.map(|token| String::from_utf8_lossy(&token).into_owned()))
}

const AUTHORIZATION: &str = "authorization";
const PROTOCOL: &str = "sec-websocket-protocol";

#[test]
fn a_token_is_found_in_each_of_its_places() {
    let token = Ok(Some("a.b.c".to_owned()));
    for (target, headers) in [
        ("/ws?token=a.b.c", &[][..]),
        ("/ws?room=x&token=a.b.c&ack=1", &[]),
        ("/ws?token=a%2Eb%2ec", &[]),
        ("/ws", &[(AUTHORIZATION, "Bearer a.b.c")]),
        ("/ws", &[(AUTHORIZATION, "bEARER   a.b.c  ")]),
        ("/ws", &[(AUTHORIZATION, "Basic eDp5"), (AUTHORIZATION, "Bearer a.b.c")]),
        ("/ws", &[(PROTOCOL, "bearer.a.b.c")]),
        ("/ws", &[(PROTOCOL, "chat , bearer.a.b.c,other")]),
        ("/ws", &[(PROTOCOL, "chat"), (PROTOCOL, "bearer.a.b.c")]),
        ("/ws?token=", &[(AUTHORIZATION, "Bearer a.b.c")]),
        ("/ws?token=a.b.c", &[(AUTHORIZATION, "Bearer a.b.c"), (PROTOCOL, "bearer.a.b.c")]),
    ] {
        assert_eq!(found(target, headers), token, "{target} {headers:?}");
    }
}

#[test]
fn what_is_no_token_counts_as_none() {
    for (target, headers) in [
        ("/ws", &[][..]),
        ("/ws?token=&token", &[]),
        ("/ws?Token=x&tokens=y&atoken=z", &[]),
        ("/ws", &[(AUTHORIZATION, "Basic eDp5")]),
        ("/ws", &[(AUTHORIZATION, "Bearer")]),
        ("/ws", &[(AUTHORIZATION, "Bearer ")]),
        ("/ws", &[(AUTHORIZATION, "Bearerx y")]),
        ("/ws", &[(PROTOCOL, "bearer., chat,Bearer.x, xbearer.y")]),
    ] {
        assert_eq!(found(target, headers), Ok(None), "{target} {headers:?}");
    }
}

#[test]
fn tokens_that_differ_are_refused_wherever_they_stand() {
    for (target, headers) in [
        ("/ws?token=a&token=b", &[][..]),
        ("/ws?token=a", &[(AUTHORIZATION, "Bearer b")]),
        ("/ws?token=a", &[(PROTOCOL, "bearer.b")]),
        ("/ws", &[(AUTHORIZATION, "Bearer a"), (AUTHORIZATION, "Bearer b")]),
        ("/ws", &[(PROTOCOL, "bearer.a, bearer.b")]),
    ] {
        assert_eq!(found(target, headers), Err(Refusal::Several), "{target} {headers:?}");
    }
}

#[test]
fn the_protocol_beside_a_token_is_selected_else_the_tokens_own_and_without_a_token_none() {
    for (offered, selected) in [
        (&["chat"][..], None),
        (&[], None),
        (&["bearer.a.b"], Some("bearer.a.b")),
        (&["bearer.a.b, chat"], Some("chat")),
        (&["chat,bearer.a.b,more"], Some("chat")),
        (&["bearer.a.b", " more "], Some("more")),
        (&[",, bearer.a.b ,"], Some("bearer.a.b")),
    ] {
        let headers: Vec<_> = offered.iter().map(|value| (PROTOCOL, *value)).collect();
        let request = request("/ws", &headers);
        let answer = select_protocol(request.headers());
        assert_eq!(answer.as_ref().map(|value| value.as_bytes()), selected.map(str::as_bytes));
    }
}
