//! Nothing that is secret is in anything that is written: logs, answers, figures, pages, help.
//!
//! Each secret has a needle of its own; a run of the binary is told all of them in every way there
//! is, and everything that it writes is searched for every needle.

use rustix::process::Signal;
use stentor_server::identity::now_unix_millis;

use crate::binary::{Process, stentor};
use crate::forge::hs256;
use crate::http::request;
use crate::pod::BASE;

const SECRET: &str = "s3cret-n33dle-that-is-long-enough-for-hs256";
const API_KEY: &str = "k3y-n33dle";
const WRONG_KEY: &str = "wr0ng-k3y-n33dle";
const WRONG_TOKEN: &str = "t0ken-n33dle.t0ken-n33dle.t0ken-n33dle";
const PAYLOAD: &str = "payl0ad-n33dle";

/// Good tokens, expired ones and forged ones: claims and signatures are needles.
fn tokens() -> [String; 3] {
    let header = r#"{"alg":"HS256"}"#;
    let good = format!(r#"{{"sub":"alice","exp":{}}}"#, now_unix_millis() / 1_000 + 3_600);
    [
        hs256(SECRET.as_bytes(), header, &good),
        hs256(SECRET.as_bytes(), header, r#"{"sub":"alice","exp":1}"#),
        hs256(b"another secret", header, &good),
    ]
}

/// What must be nowhere.
fn needles() -> Vec<String> {
    let mut needles =
        [SECRET, API_KEY, WRONG_KEY, "t0ken-n33dle", PAYLOAD].map(str::to_owned).to_vec();
    for token in tokens() {
        needles.extend(token.split('.').skip(1).map(str::to_owned));
    }
    needles
}

fn assert_clean(what: &str, written: &str, needles: &[String]) {
    for needle in needles {
        assert!(!written.contains(needle.as_str()), "{needle} is in {what}: {written}");
    }
}

/// Everything that the process answers to whoever tries these tokens in every way.
fn try_tokens(process: &Process, tokens: &[String]) -> String {
    let mut answers = String::new();
    for token in tokens {
        let bearer = format!("Bearer {token}");
        let protocol = format!("chat, bearer.{token}");
        let query = format!("/ws/a?events=1&token={token}");
        let ways: [(&str, &[(&str, &str)]); 5] = [
            (&query, &[]),
            ("/ws/a?events=1", &[("Authorization", &bearer)]),
            ("/ws/a?events=1", &[("Sec-WebSocket-Protocol", &protocol)]),
            (&query, &[("Authorization", "Bearer t0ken-n33dle")]),
            (&query.replace("/ws/a", "/nowhere/ws"), &[]),
        ];
        for (target, headers) in ways {
            if target.starts_with("/nowhere") {
                let answer = request(&mut process.socket(), "GET", target, headers, "");
                answers.push_str(&format!("{answer:?}"));
                continue;
            }
            match process.try_connect(target, headers) {
                Ok(mut client) => {
                    client.send_text(&format!(
                        r#"{{"type":"auth","data":{{"token":"{token}"}},"id":"x"}}"#
                    ));
                    client.send_text(&format!(r#"{{"type":"auth","data":"{token}"}}"#));
                    client.send_text(r#"{"type":"ping"}"#);
                    loop {
                        let message = client.next_text();
                        answers.push_str(&message);
                        if message.contains(r#""type":"pong""#) {
                            break;
                        }
                    }
                }
                Err(answer) => answers.push_str(&format!("{answer:?}")),
            }
        }
    }
    answers
}

/// Everything that the routes of backends answer to right and wrong keys, and to tokens.
fn try_keys(process: &Process, tokens: &[String]) -> String {
    let mut answers = String::new();
    let publication = format!(r#"{{"room":"b","data":"{PAYLOAD}"}}"#);
    let routes = [
        ("POST", format!("{BASE}/messages"), publication.as_str()),
        ("POST", format!("{BASE}/messages"), r#"{"room":"#),
        ("GET", format!("{BASE}/rooms"), ""),
        ("GET", format!("{BASE}/rooms/b"), ""),
        ("GET", format!("{BASE}/ws/stats"), ""),
    ];
    for secret in [API_KEY, WRONG_KEY, tokens[0].as_str()] {
        let bearer = format!("Bearer {secret}");
        for headers in [[("X-API-Key", secret)], [("Authorization", bearer.as_str())]] {
            for (method, path, body) in &routes {
                let answer = request(&mut process.socket(), method, path, &headers, body);
                answers.push_str(&format!("{answer:?}"));
            }
        }
        let path = format!("{BASE}/rooms?api_key={secret}&token={secret}");
        let answer = request(&mut process.socket(), "GET", &path, &[], "");
        answers.push_str(&format!("{answer:?}"));
    }
    answers
}

#[test]
fn no_secret_is_in_any_log_answer_figure_or_page() {
    let (needles, mut tokens) = (needles(), tokens().to_vec());
    tokens.push(WRONG_TOKEN.to_owned());
    tokens.push(format!("{}t0ken-n33dle", "x".repeat(9_000)));
    for format in ["text", "json"] {
        let mut command = stentor();
        command.env("AUTH_ENABLED", "true").env("JWT_SECRET", SECRET).env("API_KEY", API_KEY);
        let process = Process::start_as(command.arg("--log-level=trace"), format);
        assert_clean("an answer to a token", &try_tokens(&process, &tokens), &needles);
        assert_clean("an answer to a key", &try_keys(&process, &tokens), &needles);
        for path in [
            "/metrics",
            "/docs",
            "/openapi.json",
            "/asyncapi.json",
            "/",
            "/healthz",
            "/readyz",
            "/nothing",
        ] {
            assert_clean(path, &format!("{:?}", process.get(path)), &needles);
        }
        process.signal(Signal::TERM);
        let (code, log) = process.end();
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("a token was refused"), "the log is that of a talkative server");
        assert_clean("the log", &log, &needles);
    }
}

#[test]
fn no_secret_is_in_help_or_in_what_is_said_of_settings_good_or_bad() {
    let needles = needles();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----");
    let with_space = format!("{API_KEY} {WRONG_KEY}");
    let file = format!("/nowhere/{SECRET}");
    let short = &SECRET[..12];
    type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)]);
    let cases: [Case<'_>; 11] = [
        (&["--help"], &[("JWT_SECRET", SECRET), ("API_KEY", API_KEY)]),
        (&["token", "--help"], &[("JWT_SECRET", SECRET), ("API_KEY", API_KEY)]),
        (&["--check-config"], &[("JWT_SECRET", SECRET), ("API_KEY", API_KEY)]),
        (&["--check-config"], &[("JWT_SECRET", short), ("AUTH_ENABLED", "1")]),
        (&["--check-config"], &[("JWT_SECRET", &pem)]),
        (&["--check-config"], &[("JWT_PUBLIC_KEY", &pem)]),
        (&["--check-config"], &[("JWT_PUBLIC_KEY", SECRET)]),
        (&["--check-config"], &[("JWT_JWKS_FILE", &file)]),
        (&["--check-config"], &[("API_KEY", &with_space)]),
        (&["token", "--check", WRONG_TOKEN], &[("JWT_SECRET", SECRET)]),
        (&["token", "--sub=alice", "--ttl=never"], &[("JWT_SECRET", SECRET)]),
    ];
    for (flags, environment) in cases {
        let output = stentor().args(flags).envs(environment.iter().copied()).output();
        let output = output.expect("a binary that runs");
        let written = [output.stdout, output.stderr].concat();
        let written = String::from_utf8(written).expect("UTF-8");
        assert!(!written.is_empty(), "{flags:?}");
        assert_clean(&format!("{flags:?}"), &written, &needles);
        assert!(!written.contains(short), "{flags:?}: {written}");
    }
}
