//! A crowd that asks who is there: the real server passes, and one that tells nothing fails.

use std::net::SocketAddr;
use std::process::Output;

use crate::relay::{self, Fault};
use crate::stentor::Stentor;
use crate::{assert_verdict, run};

fn presence(server: SocketAddr, rest: &[&str]) -> Output {
    let url = format!("--url=ws://{server}/api/chat-api/ws");
    let chat = ["--rooms=1", "--members=3", "--rate=50"];
    let crowd = ["--sizes=20", "--stay=4", "--bystanders=3", "--only-asking", "--grace=300ms"];
    run(&[&["presence", &url], &chat[..], &crowd[..], rest].concat())
}

#[test]
fn a_crowd_is_told_who_goes_and_a_large_one_how_many_are_there() {
    for (members_max, names_max) in [("256", "--names-max=256"), ("10", "--names-max=10")] {
        let settings = [("PRESENCE_GRACE", "300ms"), ("PRESENCE_MEMBERS_MAX", members_max)];
        let server = Stentor::start(&settings);

        assert_verdict(&presence(server.address(), &[names_max]), 0, "verdict: passed");
    }
}

#[test]
fn a_server_that_tells_nobody_fails_the_run() {
    let silent = |rest| presence(relay::start(Fault::None), &["--dialect=plain", rest]);

    assert_verdict(&silent("--names-max=10"), 1, "20 who asked were never told how many are there");
    let nobody = "0 frames about one person, and 64 are owed to those who stay";
    assert_verdict(&silent("--names-max=256"), 1, nobody);
}

#[test]
fn a_server_that_tells_too_late_fails_the_run() {
    let server = Stentor::start(&[("PRESENCE_GRACE", "1m")]);

    assert_verdict(&presence(server.address(), &[]), 1, "64 are owed to those who stay");
}
