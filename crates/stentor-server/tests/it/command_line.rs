//! The words of the command line: which there are, where flags may stand, what a shell completes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output, Stdio};

use rustix::process::Signal;

use crate::binary::{self, Process, stderr, stdout, stentor};

const WORDS: [&str; 8] =
    ["serve", "check-config", "doctor", "token", "publish", "tail", "top", "completions"];

fn run(words: &[&str]) -> Output {
    binary::run(stentor().args(words))
}

#[test]
fn serve_is_what_is_done_without_a_word() {
    for words in [&["serve"][..], &["--shards=1", "serve"], &[]] {
        let process = Process::start(words);
        assert_eq!(process.get("/healthz").status, 200, "{words:?}");
        process.signal(Signal::TERM);
        assert_eq!(process.end().0, Some(0), "{words:?}");
    }
}

#[test]
fn check_config_is_a_word_and_a_flag() {
    for words in [
        &["check-config"][..],
        &["--check-config"],
        &["--check-config", "serve"],
        &["serve", "--check-config"],
    ] {
        let good = run(words);
        assert_eq!((good.status.code(), stdout(&good)), (Some(0), "ok\n"), "{words:?}");
        let bad = run(&[&["--port=x"], words].concat());
        assert_eq!(bad.status.code(), Some(2), "{words:?}");
        assert!(stderr(&bad).contains("PORT"), "{words:?}: {}", stderr(&bad));
    }
}

#[test]
fn settings_stand_before_the_word_and_behind_it_and_the_last_counts() {
    let judged = |words: &[&str]| {
        let mut command = stentor();
        command.env("PORT", "environment").args(words);
        let output = binary::run(&mut command);
        (output.status.code(), stderr(&output).to_owned())
    };
    assert_eq!(judged(&["--port=1", "check-config"]).0, Some(0));
    assert_eq!(judged(&["check-config", "--port=1"]).0, Some(0));
    assert_eq!(judged(&["--port=before", "check-config", "--port=1"]).0, Some(0));
    let (code, complaint) = judged(&["--port=1", "check-config", "--port=behind"]);
    assert!(code == Some(2) && complaint.contains("behind"), "{complaint}");
    let (code, complaint) = judged(&["check-config", "--host=::1"]);
    assert!(code == Some(2) && complaint.contains("environment"), "{complaint}");
}

#[test]
fn bad_words_end_with_2_and_one_line_that_names_them() {
    for (words, sign) in [
        (&["sevre"][..], "sevre"),
        (&["serve", "publish"], "publish"),
        (&["publish"], "<ROOM> <TEXT>"),
        (&["publish", "general"], "<TEXT>"),
        (&["tail"], "<ROOM>"),
        (&["tail", "general", "--count=0"], "--count"),
        (&["tail", "general", "--last-id=7"], "--last-id"),
        (&["completions", "tcsh"], "tcsh"),
        (&["--port=1", "publish", "general", "hi"], "--port"),
        (&["--check-config", "publish", "general", "hi"], "--check-config"),
        (&["--check-config", "token"], "--check-config"),
        (&["top", "--port=1"], "--port"),
    ] {
        let output = run(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{words:?}");
        assert!(stderr(&output).contains(sign), "{words:?}: {}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{words:?}: {}", stderr(&output));
    }
}

#[test]
fn words_that_are_no_utf_8_end_with_2_and_no_panic() {
    let broken = OsStr::from_bytes(b"\xff\xfe");
    for words in [
        &[broken][..],
        &[OsStr::new("publish"), OsStr::new("general"), broken],
        &[OsStr::new("tail"), broken],
        &[OsStr::new("serve"), OsStr::new("--host"), broken],
    ] {
        let output = binary::run(stentor().args(words));
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{words:?}: {}", stderr(&output));
    }
    let output = stentor().arg("check-config").env("HOST", broken).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn help_names_every_word_and_each_word_has_help() {
    let help = run(&["--help"]);
    for word in WORDS {
        let is_listed = stdout(&help).lines().any(|line| line.trim().starts_with(word));
        assert!(is_listed, "{word}: {}", stdout(&help));
        let own = run(&[word, "--help"]);
        assert_eq!(own.status.code(), Some(0), "{word}");
        assert!(stdout(&own).contains("Examples:"), "{word}: {}", stdout(&own));
        assert!(stdout(&own).lines().all(|line| line.chars().count() <= 100), "{word}");
    }
}

#[test]
fn help_of_commands_shows_no_secret_of_the_environment() {
    for word in WORDS {
        let output = stentor()
            .args([word, "--help"])
            .env("API_KEY", "n33dle")
            .env("TOKEN", "n33dle")
            .env("JWT_SECRET", "n33dle")
            .output()
            .expect("a binary that runs");
        assert!(!stdout(&output).contains("n33dle"), "{word}");
    }
}

#[test]
fn each_shell_gets_a_script_with_all_words() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        for word in WORDS {
            assert!(stdout(&output).contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn bash_completes_words_and_flags() {
    let script = run(&["completions", "bash"]);
    let completed = |line: &str| {
        let ask = format!(
            "eval \"$SCRIPT\"; COMP_WORDS=({line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _stentor stentor \"${{COMP_WORDS[COMP_CWORD]}}\" \"\"; echo \"${{COMPREPLY[*]}}\""
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &ask]).env("SCRIPT", stdout(&script));
        let output = bash.output().expect("bash");
        assert!(output.stderr.is_empty(), "{}", stderr(&output));
        let mut words: Vec<_> = stdout(&output).split_whitespace().map(str::to_owned).collect();
        words.sort();
        words
    };
    assert_eq!(completed("stentor pub"), ["publish"]);
    assert_eq!(completed("stentor t"), ["tail", "token", "top"]);
    assert_eq!(completed("stentor tail --las"), ["--last-id"]);
    assert_eq!(completed("stentor serve --redis-u"), ["--redis-url"]);
}

#[test]
fn a_reader_that_walks_away_is_no_fault() {
    for words in [&["completions", "zsh"][..], &["--help"], &["check-config"]] {
        let mut child = stentor()
            .args(words)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a binary that runs");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", stderr(&output));
        assert!(output.stderr.is_empty(), "{words:?}: {}", stderr(&output));
    }
}
