//! `stentor top` against a pod: one page in a pipe, a screen on a terminal.

use std::net::TcpListener;
use std::process::Command;

use rustix::process::Signal;

use crate::binary::{Process, run, stderr, stdout, stentor};
use crate::pod::wait_until;
use crate::terminal::OnTerminal;

/// What a screen shows once and takes back at its end.
const ENTERED: &str = "\x1b[?1049h";
const LEFT: &str = "\x1b[?1049l";

/// `top`, told of this pod.
fn top(process: &Process) -> Command {
    let mut command = stentor();
    command.arg("top").env("STENTOR_URL", format!("http://{}", process.address()));
    command
}

#[test]
fn a_pipe_gets_one_page_without_a_key_being_pressed() {
    let process = Process::start(&["--shards=2", "--max-connections=50"]);
    let mut clients: Vec<_> = (0..3).map(|_| process.connect("/ws/general")).collect();
    for flags in [&[][..], &["--once"]] {
        let output = run(top(&process).args(flags));
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let page = stdout(&output);
        assert!(page.contains("\nconnections 3 of 50   rooms 1   memory "), "{page}");
        assert!(page.contains("\nbus none"), "{page}");
        assert!(page.contains("\n    1  "), "{page}");
        assert!(page.contains("slowest consumers: nobody is behind"), "{page}");
        assert!(!page.contains('\x1b'), "{page}");
    }
    // What was said long ago is busy no more, however long the page took.
    wait_until("the room to be among the busiest", || {
        clients[0].send_text(r#"{"data":"busy"}"#);
        let output = run(&mut top(&process));
        stdout(&output).lines().any(|line| line.ends_with("            3  general"))
    });
}

#[test]
fn what_is_wrong_is_one_line_and_a_code() {
    let process = Process::start(&["--api-key=right"]);
    let nobody = {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        format!("--url=http://{}", listener.local_addr().expect("an address"))
    };
    for (flags, code, sign) in [
        (&[][..], 1, "401 unauthorized: this route needs the API key (--api-key or API_KEY)"),
        (&["--api-key=wrong"], 1, "401 unauthorized: the API key is wrong"),
        (&["--api-key=right", "--base-path=/other"], 1, "--base-path right?"),
        (&[&nobody], 1, "cannot be reached"),
        (&["--url=nowhere"], 2, "--url"),
        (&["--twice"], 2, "--twice"),
    ] {
        let output = run(top(&process).args(flags));
        assert_eq!(output.status.code(), Some(code), "{sign}: {}", stderr(&output));
        assert!(stderr(&output).contains(sign), "{sign}: {}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
        assert!(output.stdout.is_empty(), "{sign}");
    }
}

#[test]
fn a_terminal_is_a_screen_until_a_key_and_is_given_back_as_it_was() {
    let process = Process::start(&[]);
    for key in ["q", "\x1b", "\x03"] {
        let mut screen = OnTerminal::start(&mut top(&process));
        screen.wait_for(ENTERED);
        screen.wait_for("connections 0 of");
        assert!(!screen.is_as_a_shell_wants_it(), "while it is drawn");
        screen.type_keys("x");
        screen.type_keys(key);
        assert_eq!(screen.wait_for_end(), Some(0), "{key:?}");
        screen.wait_for(LEFT);
        assert!(screen.is_as_a_shell_wants_it(), "after {key:?}");
    }
}

#[test]
fn a_signal_ends_a_screen_as_a_key_does() {
    let process = Process::start(&[]);
    let mut screen = OnTerminal::start(&mut top(&process));
    screen.wait_for("connections 0 of");
    screen.signal(Signal::TERM);
    assert_eq!(screen.wait_for_end(), Some(0));
    screen.wait_for(LEFT);
    assert!(screen.is_as_a_shell_wants_it());
}

#[test]
fn a_screen_outlives_its_pod_and_says_that_it_is_gone() {
    let process = Process::start(&[]);
    let port = process.address().port();
    let mut screen = OnTerminal::start(&mut top(&process));
    screen.wait_for("connections 0 of");
    drop(process);
    screen.wait_for("cannot be reached");
    let again = Process::start_on(port, &[]);
    let _client = again.connect("/ws/general");
    screen.wait_for("connections 1 of");
    screen.type_keys("q");
    assert_eq!(screen.wait_for_end(), Some(0));
}
