//! The binary as tests run it.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};

use crate::client::Client;
use crate::http::Answer;
use crate::pod::wait_until;

/// The binary without whatever the environment of the tests says.
pub(crate) fn stentor() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stentor"));
    command.env_clear();
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().expect("a binary that runs")
}

/// What it wrote to standard output.
pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("UTF-8")
}

/// What it wrote to standard error.
pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("UTF-8")
}

/// It ended with this code and one line on standard error that says this, without control characters,
/// and wrote nothing else.
#[track_caller]
pub(crate) fn assert_ends(output: &Output, code: i32, sign: &str) {
    assert_eq!(output.status.code(), Some(code), "{sign}: {}", stderr(output));
    assert!(stderr(output).contains(sign), "{sign}: {}", stderr(output));
    assert_eq!(stderr(output).lines().count(), 1, "{}", stderr(output));
    assert!(!stderr(output).contains('\u{1b}'), "{}", stderr(output));
    assert!(output.stdout.is_empty(), "{}", stdout(output));
}

/// The binary as a server on a port of its own.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts it on 127.0.0.1 with these flags, and returns when it listens.
    pub(crate) fn start(flags: &[&str]) -> Process {
        Process::start_as(stentor().args(flags), "json")
    }

    /// As [`Process::start`], on this port.
    pub(crate) fn start_on(port: u16, flags: &[&str]) -> Process {
        Process::spawn(stentor().args(flags), port, "json")
    }

    /// As [`Process::start`], with whatever the command has, and a log in this format.
    pub(crate) fn start_as(command: &mut Command, log_format: &str) -> Process {
        Process::spawn(command, 0, log_format)
    }

    fn spawn(command: &mut Command, port: u16, log_format: &str) -> Process {
        let mut child = command
            .args(["--host=127.0.0.1", "--log-format", log_format])
            .args(["--port", &port.to_string()])
            .stderr(Stdio::piped())
            .spawn()
            .expect("a binary that runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
        let log = Arc::new(Mutex::new(String::new()));
        let written = Arc::clone(&log);
        // Always read, so that a talkative process is never held up by a full pipe.
        let reader = std::thread::spawn(move || {
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                written.lock().expect("no panic").push_str(&std::mem::take(&mut line));
            }
        });
        let mut address = None;
        wait_until("the process to listen", || {
            address = log.lock().expect("no panic").lines().find_map(listening_address);
            assert!(address.is_some() || !reader.is_finished(), "it ended: {log:?}");
            address.is_some()
        });
        let address = address.expect("waited for");
        Process { child, address, log, reader: Some(reader) }
    }

    /// Waits until its log has this text in it so many times.
    pub(crate) fn wait_for_log(&self, text: &str, times: usize) {
        wait_until(text, || self.log.lock().expect("no panic").matches(text).count() >= times);
    }

    /// What it has written until now.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no panic").clone()
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `GET path` on a socket of its own.
    pub(crate) fn get(&self, path: &str) -> Answer {
        crate::http::request(&mut self.socket(), "GET", path, &[], "")
    }

    /// A WebSocket on this path and query.
    pub(crate) fn connect(&self, target: &str) -> Client {
        self.try_connect(target, &[]).expect("an upgrade")
    }

    /// A WebSocket, or the answer that refused it. `headers` are sent beside the handshake's own.
    pub(crate) fn try_connect(
        &self,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<Client, Answer> {
        Client::connect(self.socket(), target, headers)
    }

    /// A plain socket to it, as [`crate::pod::socket_to`] opens it.
    pub(crate) fn socket(&self) -> TcpStream {
        crate::pod::socket_to(self.address)
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_child(&self.child);
        kill_process(id, signal).expect("a process that lives");
    }

    /// Waits for its end: the exit code, and all that it wrote.
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let mut code = None;
        wait_until("the process to end", || {
            code = self.child.try_wait().expect("a child");
            code.is_some()
        });
        self.reader.take().expect("ended once").join().expect("a log of text");
        let log = std::mem::take(&mut *self.log.lock().expect("no panic"));
        (code.and_then(|code| code.code()), log)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where the test passed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in the line that says that it listens, of either format.
fn listening_address(line: &str) -> Option<SocketAddr> {
    if let Ok(line) = serde_json::from_str::<serde_json::Value>(line) {
        return line["address"].as_str().filter(|_| line["message"] == "listening")?.parse().ok();
    }
    let (_, rest) = line.split_once("listening address=")?;
    rest.split(' ').next()?.parse().ok()
}
