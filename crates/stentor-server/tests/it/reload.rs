//! Settings that are read again while everybody stays connected: the binary, its file and SIGHUP.

use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::binary::{Process, stentor};
use crate::client::Client;
use crate::forge::{SECRET, hs256, token};
use crate::http::Answer;
use crate::pod::{BASE, socket_to, wait_until};

const TAKEN: &str = "the settings were read again";
const STAYS: &str = "the settings stay as they are";
const CLAIMS: &str = r#"{"sub":"ann","exp":4102444800}"#;

/// A process with a settings file of its own.
struct Reloaded {
    process: Process,
    path: PathBuf,
}

impl Reloaded {
    fn start(name: &str, content: impl AsRef<[u8]>) -> Reloaded {
        Reloaded::start_with(name, content, &[])
    }

    fn start_with(name: &str, content: impl AsRef<[u8]>, environment: &[(&str, &str)]) -> Reloaded {
        let path = file(name, content);
        let mut command = stentor();
        command.envs(environment.iter().copied()).env("SETTINGS_FILE", &path);
        // Members that do not answer its goodbye are not waited for.
        command.env("DRAIN_TIMEOUT", "200ms");
        let process = Process::start_as(&mut command, "json");
        Reloaded { process, path }
    }

    /// Writes the file anew, asks for it, and waits for the word of it.
    fn reload(&self, content: impl AsRef<[u8]>, word: &str, times: usize) {
        std::fs::write(&self.path, content).expect("a folder for tests");
        self.process.signal(Signal::HUP);
        self.process.wait_for_log(word, times);
    }

    fn stats_with(&self, key: &str) -> u16 {
        let path = format!("{BASE}/ws/stats");
        let headers = [("X-API-Key", key)];
        let mut socket = socket_to(self.process.address());
        crate::http::request(&mut socket, "GET", &path, &headers, "").status
    }

    fn status_of(&self, target: &str, headers: &[(&str, &str)]) -> u16 {
        status(&self.process.try_connect(target, headers))
    }

    /// Ends it, and gives its log's lines.
    fn end(self) -> Vec<Value> {
        self.process.signal(Signal::TERM);
        let (code, log) = self.process.end();
        assert_eq!(code, Some(0), "{log}");
        log.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

fn file(name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("settings-{name}"));
    std::fs::write(&path, content).expect("a folder for tests");
    path
}

fn status(outcome: &Result<Client, Answer>) -> u16 {
    outcome.as_ref().map_or_else(|answer| answer.status, |_| 101)
}

/// The lines of a level, each with its settings and its text.
fn lines<'a>(log: &'a [Value], level: &str) -> Vec<(&'a str, &'a str)> {
    let of_level = log.iter().filter(|line| line["level"] == level);
    of_level
        .map(|line| {
            (line["settings"].as_str().unwrap_or(""), line["message"].as_str().unwrap_or(""))
        })
        .collect()
}

#[test]
fn sighup_changes_keys_origins_limits_and_level_and_drops_nobody() {
    let before = "API_KEY=n33dle-1\nALLOWED_ORIGINS=https://a.example\nRATE_LIMIT=0\n";
    let pod = Reloaded::start("everything", before);
    let mut early = pod.process.connect("/ws/general");
    let origin = |host: &'static str| [("Origin", host)];
    assert_eq!(pod.status_of("/ws", &origin("https://a.example")), 101);
    assert_eq!(pod.status_of("/ws", &origin("https://b.example")), 403);
    assert_eq!((pod.stats_with("n33dle-1"), pod.stats_with("n33dle-2")), (200, 401));

    let after = "API_KEY='n33dle-2'\nALLOWED_ORIGINS=https://b.example\nRATE_LIMIT=1\n\
                 MAX_CONNECTIONS_PER_IP=1\nLOG_LEVEL=debug\n";
    pod.reload(after, TAKEN, 1);

    assert_eq!(pod.status_of("/ws", &origin("https://a.example")), 403);
    assert_eq!((pod.stats_with("n33dle-1"), pod.stats_with("n33dle-2")), (401, 200));
    let late = pod.process.try_connect("/ws/general", &origin("https://b.example"));
    let mut late = late.expect("the first of its address that is counted");
    assert_eq!(pod.status_of("/ws", &[]), 429);
    let heard: Vec<Value> = (0..3)
        .map(|number| {
            early.send_text(&json!({"data": number}).to_string());
            early.next_json()
        })
        .collect();
    assert_eq!((&heard[0]["data"], &heard[1]["data"]), (&json!(0), &json!(1)));
    assert_eq!(heard[2]["data"]["code"], "rate_limited", "{heard:?}");
    assert_eq!((&late.next_json()["data"], &late.next_json()["data"]), (&json!(0), &json!(1)));

    pod.reload("MAX_CONNECTIONS=1\n", TAKEN, 2);

    assert_eq!(pod.status_of("/ws", &[]), 503);
    assert_eq!(pod.stats_with("nothing"), 200, "the key was taken away");
    drop(early);
    drop(late);
    wait_until("a place", || pod.status_of("/ws", &[]) == 101);
    let log = pod.end();
    let told: Vec<_> = lines(&log, "INFO").into_iter().filter(|(_, text)| *text == TAKEN).collect();
    assert_eq!(told.len(), 2, "{log:?}");
    let names = "API_KEY, ALLOWED_ORIGINS, RATE_LIMIT, MAX_CONNECTIONS_PER_IP, LOG_LEVEL";
    assert!(told[0].0.split(", ").all(|name| name == "SETTINGS_FILE" || names.contains(name)));
    assert_eq!(told[0].0.split(", ").count(), names.split(", ").count(), "{told:?}");
    assert_eq!(lines(&log, "WARN"), []);
    assert!(!lines(&log, "DEBUG").is_empty(), "the level was another for a while");
    assert!(!format!("{log:?}").contains("n33dle"), "{log:?}");
}

#[test]
fn what_became_of_each_reload_is_counted_and_a_fault_shows_until_it_is_mended() {
    let pod = Reloaded::start("counted", "RATE_LIMIT=1\n");
    let figures = |of: [u64; 4]| {
        let [ok, unchanged, failed, is_well] = of;
        wait_until("the figures", || {
            let page = pod.process.get("/metrics").body;
            let has = |series: &str, value| page.contains(&format!("\n{series} {value}\n"));
            has(r#"realtime_config_reloads_total{result="ok"}"#, ok)
                && has(r#"realtime_config_reloads_total{result="unchanged"}"#, unchanged)
                && has(r#"realtime_config_reloads_total{result="failed"}"#, failed)
                && has("realtime_config_last_reload_successful", is_well)
        });
    };
    figures([0, 0, 0, 1]);
    pod.reload("RATE_LIMIT=2\n", TAKEN, 1);
    figures([1, 0, 0, 1]);
    pod.reload("RATE_LIMIT=x\n", STAYS, 1);
    figures([1, 0, 1, 0]);
    pod.reload("RATE_LIMIT=2\n", "none that may change has", 1);
    figures([1, 1, 1, 1]);
}

#[test]
fn a_file_with_a_fault_changes_nothing_and_one_warning_names_each() {
    let pod = Reloaded::start("faulty", "RATE_LIMIT=0\nAPI_KEY=good\n");
    let mut member = pod.process.connect("/ws/general");
    for (times, (content, signs)) in [
        (&b"API_KEY=new\nRATE_LIMITS=1\nPORT\n"[..], &["line 2", "RATE_LIMIT", "line 3"][..]),
        (b"API_KEY=new\nRATE_LIMIT=x\nLOG_LEVEL=loud\n", &["RATE_LIMIT: ", "LOG_LEVEL: "]),
        (b"API_KEY=new\nPING_INTERVAL=9m\n", &["PONG_TIMEOUT"]),
        (b"API_KEY=new\nHOST=\xff\n", &["line 2", "UTF-8"]),
        (b"API_KEY=new\nAPI_KEY=new\n", &["line 2", "line 1"]),
        (b"API_KEY=new\nAUTH_ENABLED=true\n", &["AUTH_ENABLED"]),
        (b"API_KEY=\"new\n", &["line 1", "API_KEY"]),
    ]
    .into_iter()
    .enumerate()
    {
        pod.reload(content, STAYS, times + 1);
        assert_eq!((pod.stats_with("good"), pod.stats_with("new")), (200, 401), "{signs:?}");
        let log = pod.process.log();
        let warning = log.lines().last().expect("a warning");
        assert!(signs.iter().all(|sign| warning.contains(sign)), "{signs:?}: {warning}");
    }
    std::fs::remove_file(&pod.path).expect("a file");
    pod.process.signal(Signal::HUP);
    pod.process.wait_for_log("SETTINGS_FILE: cannot be read", 1);
    assert_eq!((pod.stats_with("good"), pod.stats_with("new")), (200, 401));
    pod.reload("API_KEY=new\n", TAKEN, 1);
    assert_eq!((pod.stats_with("good"), pod.stats_with("new")), (401, 200));
    member.send_text(r#"{"data":"still here"}"#);
    assert_eq!(member.next_json()["data"], "still here");
    let log = pod.end();
    assert_eq!(lines(&log, "WARN").len(), 8, "{log:?}");
}

#[test]
fn a_new_secret_counts_for_who_comes_and_nobody_is_asked_again() {
    let pod = Reloaded::start("secret", format!("AUTH_ENABLED=true\nJWT_SECRET='{SECRET}'\n"));
    let mut member = pod.process.connect(&format!("/ws/a?token={}", token("HS256", CLAIMS)));
    let new = "another secret of tests that is as long as that";
    let renewed = hs256(new.as_bytes(), r#"{"alg":"HS256"}"#, CLAIMS);
    assert_eq!(pod.status_of(&format!("/ws?token={renewed}"), &[]), 401);

    pod.reload(format!("AUTH_ENABLED=true\nJWT_SECRET='{new}'\n"), TAKEN, 1);

    assert_eq!(pod.status_of(&format!("/ws?token={renewed}"), &[]), 101);
    assert_eq!(pod.status_of(&format!("/ws?token={}", token("HS256", CLAIMS)), &[]), 401);
    member.send_text(r#"{"data":"still here"}"#);
    assert_eq!(member.next_json()["data"], "still here");
    pod.reload("", TAKEN, 2);
    assert_eq!(pod.status_of("/ws", &[]), 101, "no token is asked for");
    assert!(!format!("{:?}", pod.end()).contains("secret of tests"));
}

#[test]
fn a_change_that_needs_a_restart_is_named_each_time_and_the_rest_is_taken() {
    let pod = Reloaded::start("restart", "SHARDS=1\nAPI_KEY=old\n");
    pod.reload("SHARDS=2\nHISTORY=off\nAPI_KEY=new\n", "needs a restart", 1);
    assert_eq!((pod.stats_with("old"), pod.stats_with("new")), (401, 200));
    pod.reload("SHARDS=2\nHISTORY=off\nAPI_KEY=new\n", "needs a restart", 2);
    pod.reload("SHARDS=1\nAPI_KEY=new\n", TAKEN, 3);
    let log = pod.end();
    let warnings = lines(&log, "WARN");
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings.iter().all(|(names, _)| *names == "SHARDS, HISTORY"), "{warnings:?}");
}

#[test]
fn the_environment_counts_before_the_file_which_is_said() {
    let pod = Reloaded::start_with("before", "API_KEY=file\n", &[("API_KEY", "said")]);
    assert_eq!((pod.stats_with("said"), pod.stats_with("file")), (200, 401));
    pod.reload("API_KEY=file2\n", TAKEN, 1);
    assert_eq!((pod.stats_with("said"), pod.stats_with("file2")), (200, 401));
    let log = pod.end();
    let warnings = lines(&log, "WARN");
    assert_eq!(warnings.len(), 1, "said once, as it is the same: {warnings:?}");
    assert!(warnings[0].1.contains("API_KEY") && warnings[0].1.contains("no effect"));
}

#[test]
fn sighup_without_anything_to_read_ends_nobody() {
    let process = Process::start(&[]);
    let mut member = process.connect("/ws/general");
    process.signal(Signal::HUP);
    process.wait_for_log("nothing to read again", 1);
    member.send_text(r#"{"data":"still here"}"#);
    assert_eq!(member.next_json()["data"], "still here");
    process.signal(Signal::TERM);
    assert_eq!(process.end().0, Some(0));
}

#[test]
fn a_bad_file_ends_a_start_with_2_and_a_line_for_each_fault() {
    let unknown = file("unknown", "API_KYE=n33dle\nSHARDS\n");
    let cases = [
        ("/nowhere/settings", 1, "SETTINGS_FILE: cannot be read"),
        ("/", 1, "SETTINGS_FILE: cannot be read"),
        (unknown.to_str().expect("UTF-8"), 2, "line 1 sets what is no setting; is API_KEY meant?"),
    ];
    for (path, count, sign) in cases {
        for words in [&["serve"][..], &["check-config"], &["doctor"], &["token", "--sub=ann"]] {
            let output = stentor().args(words).args(["--settings-file", path]).output();
            let output = output.expect("a binary that runs");
            let text = String::from_utf8(output.stderr).expect("UTF-8");
            assert_eq!(output.status.code(), Some(2), "{words:?} {path}: {text}");
            assert!(text.contains(sign) && text.lines().count() == count, "{words:?}: {text}");
            assert!(!text.contains("n33dle"), "{text}");
        }
    }
}
