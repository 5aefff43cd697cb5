//! A second process of this program: the other end of a floor, so that its CPU time is its own, or
//! a further part of the load, so that it has a core of its own.
//!
//! Knows no scenario: lines go in and out, and a child that is gone is a failure.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, SyncSender, TryRecvError};
use std::thread;

use crate::failure::Failure;

/// How many lines may wait to be heard; a child that says more waits itself.
const LINES_MAX: usize = 4;
/// What stands in front of the last line of a child that cannot go on, and says why.
pub(crate) const FAILED: &str = "failed: ";

/// A child and the lines it talks in. It ends with this value.
#[derive(Debug)]
pub(crate) struct Other {
    /// Names it in a failure: `load process 2`.
    name: String,
    process: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Other {
    /// Starts this program with other arguments; `name` stands in its failures.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) fn start(name: &str, arguments: &[String]) -> Result<Self, Failure> {
        let trouble = || Failure::while_doing(name.to_owned());
        let program = std::env::current_exe().map_err(trouble())?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(trouble())?;
        let (stdin, stdout) = (process.stdin.take(), process.stdout.take());
        let (tx, lines) = mpsc::sync_channel(LINES_MAX);
        if let Some(stdout) = stdout {
            // A thread of its own, so that nobody who has sockets to read waits for a line.
            thread::spawn(move || pass_on(BufReader::new(stdout), &tx));
        }
        Ok(Self { name: name.to_owned(), process, stdin, lines })
    }

    /// Its process id, to read its CPU time by.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Kills it, and waits for nothing: its end is noted when this value ends.
    pub(crate) fn kill(&mut self) {
        // It may have gone already.
        let _ = self.process.kill();
    }

    /// Waits for the line that says where it listens.
    ///
    /// # Errors
    /// If it is gone, or says something else.
    pub(crate) fn hear_address(&self) -> Result<SocketAddr, Failure> {
        let port = self.hear()?.parse();
        let port: u16 = port.map_err(Failure::while_doing(format!("{}: its port", self.name)))?;
        Ok(SocketAddr::from(([127, 0, 0, 1], port)))
    }

    /// Says a line to the child.
    ///
    /// # Errors
    /// If it is gone.
    pub(crate) fn say(&mut self, line: &str) -> Result<(), Failure> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        writeln!(stdin, "{line}").map_err(|_| self.ended_early())
    }

    /// Waits for the child's next line.
    ///
    /// # Errors
    /// If it cannot go on, or is gone.
    pub(crate) fn hear(&self) -> Result<String, Failure> {
        self.lines.recv().map_err(|_| self.ended_early()).and_then(|line| self.understand(line))
    }

    /// The child's next line, if it is there already.
    ///
    /// # Errors
    /// If it cannot go on, or is gone.
    pub(crate) fn poll_line(&self) -> Result<Option<String>, Failure> {
        match self.lines.try_recv() {
            Ok(line) => self.understand(line).map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(self.ended_early()),
        }
    }

    fn understand(&self, line: String) -> Result<String, Failure> {
        match line.strip_prefix(FAILED) {
            Some(why) => Err(Failure::new(format!("{}: {why}", self.name))),
            None => Ok(line),
        }
    }

    fn ended_early(&self) -> Failure {
        Failure::new(format!("{} (process {}) ended early", self.name, self.process.id()))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // The end of its input tells it to go; it may have gone already.
        drop(self.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Hands each line on until there are no more, or nobody wants them.
fn pass_on(mut out: BufReader<ChildStdout>, lines: &SyncSender<String>) {
    let mut line = String::new();
    while out.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
        if lines.send(line.trim_end().to_owned()).is_err() {
            return;
        }
        line.clear();
    }
}
