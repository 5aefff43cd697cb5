//! A redis-server that a test starts, stops, freezes and talks to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::pod::PATIENCE;

pub(crate) struct Redis {
    pub(crate) port: u16,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl Redis {
    /// A port that nobody listens on yet.
    pub(crate) fn absent() -> Redis {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        Redis { port, arguments: Vec::new(), process: None }
    }

    pub(crate) fn start() -> Redis {
        Redis::start_with(&[])
    }

    pub(crate) fn start_with(arguments: &[&str]) -> Redis {
        let mut redis = Redis::absent();
        redis.arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        redis.run();
        redis
    }

    /// Starts the server, and waits until it answers.
    pub(crate) fn run(&mut self) {
        let program = std::env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".to_owned());
        let port = self.port.to_string();
        let process = Command::new(&program)
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error}; set REDIS_SERVER or install it"));
        self.process = Some(process);
        let started = Instant::now();
        while self.try_command(&["PING"]).is_none() {
            assert!(started.elapsed() < PATIENCE, "{program} does not answer on port {port}");
            std::thread::yield_now();
        }
    }

    /// Ends it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it runs");
            process.wait().expect("it is ours");
        }
    }

    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    pub(crate) fn publish(&self, channel: &str, payload: &str) {
        self.command(&["PUBLISH", channel, payload]);
    }

    /// Cuts every connection that has subscribed to something.
    pub(crate) fn kill_subscribers(&self) {
        self.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    }

    /// Makes a user who may use these channels and no others.
    pub(crate) fn allow(&self, user: &str, password: &str, channels: &[&str]) {
        let mut words = vec!["ACL", "SETUSER", user, "on", "+@all", "resetchannels"];
        let password = format!(">{password}");
        words.push(&password);
        let channels: Vec<String> = channels.iter().map(|channel| format!("&{channel}")).collect();
        words.extend(channels.iter().map(String::as_str));
        self.command(&words);
    }

    fn command(&self, words: &[&str]) {
        let answer = self.try_command(words).expect("redis answers");
        assert!(answer.starts_with([':', '+']), "{words:?}: {answer}");
    }

    /// The first line of the answer to a command, over a connection of its own (RESP).
    fn try_command(&self, words: &[&str]) -> Option<String> {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        socket.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        let mut text = format!("*{}\r\n", words.len());
        words.iter().for_each(|word| text.push_str(&format!("${}\r\n{word}\r\n", word.len())));
        socket.write_all(text.as_bytes()).ok()?;
        let mut answer = String::new();
        BufReader::new(socket.take(1_024)).read_line(&mut answer).ok()?;
        (!answer.is_empty()).then_some(answer)
    }

    fn signal(&self, signal: Signal) {
        let process = self.process.as_ref().expect("it runs");
        kill_process(Pid::from_child(process), signal).expect("it is ours");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
