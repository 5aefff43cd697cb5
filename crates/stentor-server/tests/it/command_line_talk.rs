//! `stentor publish` and `stentor tail` against a pod, and against what is none.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::process::{Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::binary::{Process, assert_ends, run, stderr, stdout, stentor};
use crate::forge::{SECRET, token};
use crate::pod::{BASE, wait_until};
use crate::running::Running;

/// The binary, told of this pod.
fn told_of(process: &Process) -> Command {
    let mut command = stentor();
    command.env("STENTOR_URL", format!("http://{}", process.address()));
    command
}

/// Publishes a text with these flags; the id.
fn publish(process: &Process, words: &[&str]) -> String {
    let output = run(told_of(process).arg("publish").args(words));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    stdout(&output).strip_suffix('\n').expect("one line").to_owned()
}

/// A tail that is a member of its room.
fn tail(process: &Process, words: &[&str]) -> Running {
    let running = Running::start(told_of(process).arg("tail").args(words));
    wait_for_members(process, 1);
    running
}

fn wait_for_members(process: &Process, members: u64) {
    wait_until("the tail to be connected", || {
        process.get(&format!("{BASE}/ws/stats")).json()["connections"] == members
    });
}

/// A server of one connection that says these bytes, whatever it was asked.
fn impostor(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a client");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if socket.read_exact(&mut byte).is_err() {
                return;
            }
            head.push(byte[0]);
        }
        // A client that has heard enough may be gone. What it still says is read, because a socket
        // that is closed over it resets the connection.
        let _ = socket.write_all(answer);
        let _ = socket.shutdown(Shutdown::Write);
        let _ = socket.read_to_end(&mut head);
    });
    url
}

/// A URL at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

#[test]
fn what_is_published_is_heard_and_its_id_is_printed() {
    let process = Process::start(&[]);
    let mut client = process.connect("/ws/general");
    let id = publish(&process, &["general", "hi\nthere"]);
    let heard = client.next_json();
    assert_eq!((&heard["id"], &heard["type"]), (&json!(id), &json!("chat")));
    assert_eq!(
        (&heard["from"], &heard["data"]),
        (&json!("server"), &json!({"content": "hi\nthere"}))
    );
    publish(&process, &["general", "--json", "[1, 2.50]", "--type=system", "--from=cron"]);
    let heard = client.next_text();
    assert!(heard.contains(r#""data":[1, 2.50]"#), "{heard}");
    assert!(heard.contains(r#""type":"system""#) && heard.contains(r#""from":"cron""#), "{heard}");
    publish(&process, &["general", "-1"]);
    assert_eq!(client.next_json()["data"]["content"], "-1");
}

#[test]
fn what_to_publish_may_come_from_standard_input() {
    let process = Process::start(&[]);
    let mut client = process.connect("/ws/general");
    let mut child = told_of(&process)
        .args(["publish", "general", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("a binary that runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all("one\ntwo ü\n".as_bytes()).expect("a process that reads");
    drop(input);
    assert!(child.wait().expect("an end").success());
    assert_eq!(client.next_json()["data"]["content"], "one\ntwo ü");
}

#[test]
fn publish_says_what_is_wrong_in_one_line() {
    let process = Process::start(&["--api-key=right", "--base-path=/base"]);
    let long = "x".repeat(70_000);
    let publish = |words: &[&str]| {
        run(told_of(&process).env("BASE_PATH", "/base").arg("publish").args(words))
    };
    for (words, code, sign) in [
        (&["", "hi"][..], 2, "ROOM"),
        (&["a\u{7}b", "hi"], 2, "ROOM"),
        (&["general", "{", "--json"], 2, "TEXT: is no JSON"),
        (&["general", "hi", "--url=127.0.0.1:80"], 2, "--url"),
        (&["general", "hi", "--url=ftp://a"], 2, "--url: begins with http:// or https://"),
        (&["general", "hi", "--url=https://-a"], 2, "--url: the address has no valid host"),
        (&["general", "hi", "--url=http://a:0"], 2, "--url"),
        (&["general", "hi", "--url=http://u:n33dle@a"], 2, "--url"),
        (&["general", "hi", "--base-path=x"], 2, "--base-path"),
        (&["general", "hi", "--api-key=a b"], 2, "--api-key"),
        (&["general", "hi", &format!("--url={}", nobody())], 1, "cannot be reached"),
        (&["general", "hi"], 1, "401 unauthorized: this route needs the API key (--api-key"),
        (&["general", "hi", "--api-key=wrong"], 1, "401 unauthorized: the API key is wrong"),
        (&["general", "hi", "--api-key=right", "--type=shout"], 1, "400 unknown_type"),
        (&["general", &long, "--api-key=right"], 1, "413"),
        (&["general", "hi", "--api-key=right", "--base-path=/other"], 1, "--base-path right?"),
    ] {
        let output = publish(words);
        assert_ends(&output, code, sign);
        assert!(!stderr(&output).contains("n33dle"), "{}", stderr(&output));
    }
    assert_eq!(publish(&["general", "hi", "--api-key=right"]).status.code(), Some(0));
}

#[test]
fn what_is_no_stentor_is_called_so() {
    for (answer, sign) in [
        (&b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"[..], "not as Stentor does"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "answers with 404, not as"),
        (
            b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n\
              {\"error\":{\"code\":\"\\u001b[2J\",\"message\":\"a\\nb\\u009b\"}}",
            "refuses with 400 \\u{1b}[2J: a\\nb\\u{9b}",
        ),
        (b"220 mail.example ESMTP\r\n", "does not answer in HTTP"),
        (b"", "does not answer in HTTP"),
    ] {
        let url = impostor(answer);
        assert_ends(&run(stentor().args(["publish", "a", "b", "--url", &url])), 1, sign);
    }
    let url = impostor(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello");
    assert_ends(&run(stentor().args(["tail", "a", "--url", &url])), 1, &url);
}

#[test]
fn tail_prints_a_line_a_message_and_ends_after_so_many() {
    let process = Process::start(&[]);
    let running = tail(&process, &["general", "--count=2"]);
    publish(&process, &["elsewhere", "unheard"]);
    publish(&process, &["general", "one"]);
    publish(&process, &["general", "two\nlines \u{1b}[2J\u{9b}", "--from=bob", "--type=system"]);
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<&str> = ended.output.lines().collect();
    let [first, second] = lines[..] else { panic!("{ended:?}") };
    assert!(first.ends_with("Z  server  one"), "{first}");
    assert!(second.ends_with("Z  bob  [system] two\\nlines \\u{1b}[2J\\u{9b}"), "{second}");
    assert_eq!(ended.complaints, "");
}

#[test]
fn tail_prints_json_as_the_pod_sent_it() {
    let process = Process::start(&[]);
    let mut client = process.connect("/ws/general");
    let running =
        Running::start(told_of(&process).args(["tail", "general", "--json", "--count=1"]));
    wait_for_members(&process, 2);
    client.send_text(r#"{"data":{"b": 1.50,"a":"\u001b[2J"}}"#);
    let sent = client.next_text();
    let ended = running.end();
    assert_eq!((ended.code, ended.output), (Some(0), format!("{sent}\n")));
}

#[test]
fn tail_begins_behind_the_message_that_it_is_told() {
    let process = Process::start(&[]);
    let ids = ["one", "two", "three"].map(|text| publish(&process, &["general", text]));
    let last_id = format!("--last-id={}", ids[0]);
    let output = run(told_of(&process).args(["tail", "general", "--json", "--count=2", &last_id]));
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let heard: Vec<Value> =
        stdout(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(heard.iter().map(|message| &message["id"]).eq(&ids[1..]), "{heard:?}");
    assert!(stderr(&output).contains("resume: 2 messages follow, nothing is missing"));
}

#[test]
fn tail_ends_at_sigint_and_sigterm_with_0() {
    let process = Process::start(&[]);
    for signal in [Signal::INT, Signal::TERM] {
        let running = tail(&process, &["general"]);
        publish(&process, &["general", "hi"]);
        running.wait_for_output("hi");
        running.signal(signal);
        let ended = running.end();
        assert_eq!((ended.code, &*ended.complaints), (Some(0), ""), "{ended:?}");
        wait_for_members(&process, 0);
    }
}

#[test]
fn tail_ends_with_0_where_nobody_reads_on() {
    let process = Process::start(&[]);
    let mut child = told_of(&process)
        .args(["tail", "general"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a binary that runs");
    wait_for_members(&process, 1);
    publish(&process, &["general", "one"]);
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    drop(lines);
    publish(&process, &["general", "two"]);
    let output = child.wait_with_output().expect("an end");
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), ""));
}

#[test]
fn tail_comes_back_and_says_so_on_standard_error() {
    let first = Process::start(&[]);
    let port = first.address().port();
    let running = tail(&first, &["general"]);
    publish(&first, &["general", "before"]);
    running.wait_for_output("before");
    first.signal(Signal::TERM);
    assert_eq!(first.end().0, Some(0));
    running.wait_for_complaint("closed with 1001");
    let second = Process::start_on(port, &[]);
    running.wait_for_complaint("connected again");
    publish(&second, &["general", "after"]);
    running.wait_for_output("after");
    running.signal(Signal::INT);
    let ended = running.end();
    assert_eq!((ended.code, ended.output.lines().count()), (Some(0), 2), "{ended:?}");
    assert!(ended.complaints.contains("resume: 0 messages follow"), "{ended:?}");
}

#[test]
fn tail_that_cannot_come_in_ends_with_1_and_one_line() {
    let process =
        Process::start_as(stentor().env("AUTH_ENABLED", "true").env("JWT_SECRET", SECRET), "json");
    let limited = token("HS256", r#"{"sub":"alice","exp":250000000000,"rooms":["team-*"]}"#);
    let tail = |words: &[&str]| run(told_of(&process).arg("tail").args(words));
    for (words, code, sign) in [
        (&[""][..], 2, "ROOM"),
        (&["general", "--token=a b"], 2, "--token"),
        (&["general", "--url=ftp://a"], 2, "--url"),
        (&["general", &format!("--url={}", nobody())], 1, "cannot be reached"),
        (&["general"], 1, "401"),
        (&["general", "--token=rubbish"], 1, "401"),
        (&["general", &format!("--token={limited}")], 1, "403"),
        (&["general", "--base-path=/other"], 1, "--base-path right?"),
    ] {
        assert_ends(&tail(words), code, sign);
    }
    let running = Running::start(told_of(&process).args(["tail", "team-a"]).env("TOKEN", &limited));
    wait_for_members(&process, 1);
    running.signal(Signal::INT);
    assert_eq!(running.end().code, Some(0));
}
