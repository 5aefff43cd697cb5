//! `stentor token`: what it makes, a server takes; what it refuses, a server refuses.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::binary::{Process, run, stderr, stdout, stentor};
use crate::forge::{self, SECRET, token};

const KEY_FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/identity/tests/keys");

fn with_secret() -> Command {
    let mut command = stentor();
    command.env("JWT_SECRET", SECRET).arg("token");
    command
}

#[test]
fn a_token_that_is_made_opens_the_rooms_that_it_names_and_no_others() {
    let output = run(with_secret().args(["--sub=alice", "--room=team-*", "--room=lobby"]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let token = stdout(&output).strip_suffix('\n').expect("one line");
    assert!(!token.contains(char::is_whitespace) && output.stderr.is_empty());
    let process =
        Process::start_as(stentor().env("AUTH_ENABLED", "true").env("JWT_SECRET", SECRET), "json");
    let mut client = process.connect(&format!("/ws/team-1?room=lobby&events=1&token={token}"));
    assert_eq!(client.next_json()["data"]["user"], "alice");
    let refused = process.try_connect(&format!("/ws/other?token={token}"), &[]);
    assert_eq!(refused.expect_err("another room").status, 403);
}

#[test]
fn issuer_and_audience_of_the_settings_are_those_of_the_token() {
    let output = run(stentor().args([
        "--jwt-secret",
        SECRET,
        "--jwt-issuer=me,other",
        "token",
        "--sub=alice",
        "--ttl=30d",
        "--jwt-audience=chat",
    ]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let checked = run(with_secret()
        .env("JWT_ISSUER", "me")
        .env("JWT_AUDIENCE", "chat")
        .args(["--check", stdout(&output).trim()]));
    assert_eq!(checked.status.code(), Some(0), "{}", stdout(&checked));
    let shown = stdout(&checked);
    assert!(shown.contains("iss  \"me\"") && shown.contains("aud  \"chat\""), "{shown}");
    assert!(shown.contains("in 29days") || shown.contains("in 30days"), "{shown}");
}

#[test]
fn what_cannot_be_made_ends_with_2_and_one_line() {
    let public_key = format!("{KEY_FOLDER}/rsa.public.pem");
    let without = |flags: &[&str]| run(stentor().arg("token").args(flags));
    let with = |flags: &[&str]| run(with_secret().args(flags));
    for (output, sign) in [
        (without(&["--sub=a"]), "JWT_SECRET"),
        (without(&["--sub=a", "--jwt-public-key", &public_key]), "JWT_SECRET"),
        (without(&["--sub=a", "--jwt-public-key=x"]), "JWT_PUBLIC_KEY"),
        (without(&["--check=x"]), "JWT_SECRET"),
        (with(&["--sub=a", "--ttl=3600"]), "--ttl"),
        (with(&["--sub=a", "--ttl=0s"]), "--ttl"),
        (with(&["--sub=a", "--ttl=2y"]), "--ttl"),
        (with(&["--sub="]), "sub"),
        (with(&["--sub=a\nb"]), "sub"),
        (with(&["--sub=a", "--room="]), "rooms"),
        (with(&["--sub=a", "--jwt-issuer=me", "--issuer=you"]), "JWT_ISSUER"),
        (with(&[]), "--sub"),
        (with(&["--sub=a", "--check=x"]), "--check"),
        (with(&["--sub=a", "--no-such-flag"]), "--no-such-flag"),
    ] {
        assert_eq!(output.status.code(), Some(2), "{sign}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{sign}");
        assert!(stderr(&output).contains(sign), "{sign}: {}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{sign}: {}", stderr(&output));
    }
}

#[test]
fn check_explains_and_says_by_its_exit_code_whether_a_server_would_take_it() {
    let good = token("HS256", r#"{"sub":"alice","exp":250000000000,"rooms":["a"]}"#);
    let old = token("HS256", r#"{"sub":"alice","exp":1}"#);
    let foreign = token("RS256", r#"{"sub":"alice","exp":250000000000}"#);
    for (token, code, sign) in [
        (good.as_str(), 0, "accepted: JWT_SECRET says it is of \"alice\""),
        (&old, 1, "refused: it has expired (exp)"),
        (&foreign, 1, "refused: no key is for its algorithm and kid"),
        ("rubbish", 1, "refused: it is no signed token"),
        ("", 1, "refused: it is no signed token"),
    ] {
        let output = run(with_secret().arg(format!("--check={token}")));
        assert_eq!(output.status.code(), Some(code), "{token}: {}", stderr(&output));
        assert!(stdout(&output).contains(sign), "{}", stdout(&output));
        assert!(!stdout(&output).contains(SECRET));
    }
    let by_public_key = run(stentor()
        .env("JWT_PUBLIC_KEY", forge::RSA_PUBLIC)
        .args(["token", "--check", &foreign]));
    assert_eq!(by_public_key.status.code(), Some(0), "{}", stderr(&by_public_key));
    assert!(stdout(&by_public_key).contains("accepted: JWT_PUBLIC_KEY"));
}

#[test]
fn a_token_to_check_may_come_from_standard_input() {
    let good = token("HS256", r#"{"sub":"alice","exp":250000000000}"#);
    for flags in [&["--check"][..], &["--check", "-"]] {
        let mut child = with_secret()
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a binary that runs");
        let mut input = child.stdin.take().expect("a pipe");
        input.write_all(format!("  {good}\n").as_bytes()).expect("a process that reads");
        drop(input);
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
        assert!(stdout(&output).contains("\"alice\""));
    }
}

#[test]
fn help_shows_it() {
    let output = run(stentor().arg("--help"));
    let listed = stdout(&output).lines().map(str::trim_start).any(|line| {
        line.strip_prefix("token").is_some_and(|rest| rest.trim_start().starts_with("Make a token"))
    });
    assert!(listed, "{}", stdout(&output));
    let output = run(stentor().args(["token", "--help"]));
    let help = stdout(&output);
    for part in ["--sub", "--room", "--ttl", "--check", "[env: JWT_SECRET]", "exit code is 0"] {
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(part), "{part}: {help}");
    }
}
