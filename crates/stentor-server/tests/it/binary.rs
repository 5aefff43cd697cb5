//! The binary as tests run it.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::Client;
use crate::http::Answer;
use crate::pod::{DEADLINE, wait_until};

/// The binary without whatever the environment of the tests says.
pub(crate) fn stentor() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stentor"));
    command.env_clear();
    command
}

/// The binary as a server on a port of its own.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    lines: BufReader<std::process::ChildStderr>,
    /// What it wrote until it listened.
    beginning: String,
}

impl Process {
    /// Starts it on 127.0.0.1 with these flags, and returns when it listens.
    pub(crate) fn start(flags: &[&str]) -> Process {
        let mut child = stentor()
            .args(["--host=127.0.0.1", "--port=0", "--log-format=json"])
            .args(flags)
            .stderr(Stdio::piped())
            .spawn()
            .expect("a binary that runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
        let (mut beginning, mut line) = (String::new(), String::new());
        while !line.contains("\"listening\"") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).expect("a line"), 0, "it ended");
            beginning.push_str(&line);
        }
        let line: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
        let address = line["address"].as_str().expect("an address").parse().expect("an address");
        Process { child, address, lines, beginning }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// `GET path` on a socket of its own.
    pub(crate) fn get(&self, path: &str) -> Answer {
        let mut socket = TcpStream::connect(self.address).expect("a server that accepts");
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        crate::http::request(&mut socket, "GET", path, &[], "")
    }

    /// A WebSocket on this path and query.
    pub(crate) fn connect(&self, target: &str) -> Client {
        let socket = TcpStream::connect(self.address).expect("a server that accepts");
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        Client::connect(socket, target, &[]).expect("an upgrade")
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
        let mut log = std::mem::take(&mut self.beginning);
        self.lines.read_to_string(&mut log).expect("UTF-8");
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
