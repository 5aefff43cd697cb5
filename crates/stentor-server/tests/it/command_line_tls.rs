//! The commands that talk to a pod, where TLS stands before it.

use std::path::Path;
use std::process::Command;

use stentor_testbed::Certificates;

use crate::binary::{Process, assert_ends, run, stderr, stdout, stentor};
use crate::pod::Pod;
use crate::running::Running;
use crate::terminator::{Terminator, config, config_with};

/// The binary, told of this server, on a platform that trusts this authority.
fn told_of(url: &str, platform: &Path) -> Command {
    let mut command = stentor();
    command.env("STENTOR_URL", url).env("SSL_CERT_FILE", platform);
    command
}

#[test]
fn publish_tail_and_top_reach_a_pod_through_tls() {
    let pod = Pod::start(|_| {});
    let (certificates, stranger) = (Certificates::create(), Certificates::create());
    let terminator = Terminator::start(config(&certificates), pod.address());
    let url = terminator.url("https");
    let authority = certificates.authority();

    let by_variable = Running::start(
        told_of(&url, &stranger.authority()).env("STENTOR_CACERT", &authority).args([
            "tail",
            "general",
            "--count=2",
        ]),
    );
    pod.wait_for_stats("the tail to be there", |stats| stats["connections"] == 1);
    let file = authority.to_str().expect("a path of this test");
    for (url, platform, flag) in [
        (&url, stranger.authority(), ["--cacert", file]),
        (&terminator.url("WSS"), certificates.authority(), ["--cacert", ""]),
    ] {
        let mut publish = told_of(url, &platform);
        let output = run(publish.args(["publish", "general", "hi"]).args(flag));
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    }
    let ended = by_variable.end();
    assert_eq!((ended.code, ended.output.lines().count()), (Some(0), 2), "{ended:?}");

    let top = run(told_of(&url, &authority).args(["top", "--once"]));
    assert_eq!(top.status.code(), Some(0), "{}", stderr(&top));
    assert!(stdout(&top).contains(&url), "{}", stdout(&top));
}

#[test]
fn publish_tail_and_top_reach_a_pod_that_speaks_tls_itself() {
    let certificates = Certificates::create();
    let (authority, cert) = (certificates.authority(), certificates.server());
    let cert = format!("--tls-cert={}", cert.display());
    let key = format!("--tls-key={}", certificates.server_key().display());
    let process = Process::start(&[&cert, &key]);
    let url = format!("https://{}", process.address());

    let ids = ["one", "two"].map(|text| {
        let publish = run(told_of(&url, &authority).args(["publish", "general", text]));
        assert_eq!(publish.status.code(), Some(0), "{}", stderr(&publish));
        stdout(&publish).trim().to_owned()
    });
    let behind = format!("--last-id={}", ids[0]);
    let words = ["tail", "general", &behind, "--count=1"];
    let ended = Running::start(told_of(&url, &authority).args(words)).end();
    assert!(ended.code == Some(0) && ended.output.ends_with("  two\n"), "{ended:?}");
    let top = run(told_of(&url, &authority).args(["top", "--once"]));
    assert_eq!(top.status.code(), Some(0), "{}", stderr(&top));

    let plain = format!("http://{}", process.address());
    for words in [&["publish", "a", "b"][..], &["tail", "a"], &["top", "--once"]] {
        assert_ends(&run(told_of(&plain, &authority).args(words)), 1, "this port speaks TLS");
    }
}

#[test]
fn a_pod_that_does_not_prove_who_it_is_is_not_talked_to() {
    let pod = Pod::start(|_| {});
    let (certificates, stranger) = (Certificates::create(), Certificates::create());
    let (authority, strange) = (certificates.authority(), stranger.authority());
    let nobody = Path::new("/dev/null");
    let expired = Terminator::start(config_with(&certificates.expired()), pod.address());
    let misnamed = config_with(&certificates.named(&["a\u{1b}.example"]));
    let misnamed = Terminator::start(misnamed, pod.address());
    let good = Terminator::start(config(&certificates), pod.address());
    let plain = format!("https://{}", pod.address());
    let not_plain = good.url("http");
    for (url, platform, sign) in [
        (&expired.url("https"), authority.as_path(), "certificate has expired"),
        (&misnamed.url("https"), &authority, "certificate is for another name: "),
        (&good.url("https"), &strange, "trusted (--cacert or STENTOR_CACERT)"),
        (&good.url("https"), nobody, "no authority: name one (--cacert or STENTOR_CACERT)"),
        (&plain, &authority, "does not speak TLS (is it http://?)"),
        (&not_plain, &authority, &not_plain),
    ] {
        for words in [&["publish", "a", "b"][..], &["tail", "a"], &["top", "--once"]] {
            assert_ends(&run(told_of(url, platform).args(words)), 1, sign);
        }
    }
    assert_eq!(pod.stats()["messages_received"], 0);
}

#[test]
fn a_file_that_holds_no_authority_is_a_bad_flag() {
    let certificates = Certificates::create();
    let key = certificates.server_key().display().to_string();
    for (file, sign) in [
        ("/nowhere/ca.pem", "--cacert: /nowhere/ca.pem: No such file"),
        ("/dev/null", "--cacert: /dev/null: no certificate in PEM is there"),
        (&key, "no certificate in PEM is there"),
        ("/", "--cacert: /: "),
    ] {
        let mut command = told_of("https://localhost:1", Path::new("/dev/null"));
        let words = ["publish", "a", "b", "--cacert", file];
        assert_ends(&run(command.args(words)), 2, sign);
    }
}
