//! A second process of this program: the other end of a floor, so that its CPU time is its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::failure::Failure;

/// The child and the lines it talks in: first its port, then what its subcommand says.
#[derive(Debug)]
pub(crate) struct Other {
    process: Child,
    stdin: Option<ChildStdin>,
    lines: BufReader<ChildStdout>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Other {
    /// Starts this program with other arguments, and learns where it listens.
    ///
    /// # Errors
    /// If it does not start, or says no port.
    pub(crate) fn start(arguments: &[String]) -> Result<Self, Failure> {
        let trouble = || Failure::while_doing("the second process");
        let program = std::env::current_exe().map_err(trouble())?;
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(trouble())?;
        let stdin = process.stdin.take();
        let stdout = process.stdout.take();
        let stdout = stdout.ok_or_else(|| Failure::new("the second process has no output"))?;
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut other = Self { process, stdin, lines: BufReader::new(stdout), address };
        let port = other.hear()?;
        let port = port.parse().map_err(Failure::while_doing("the second process's port"))?;
        other.address.set_port(port);
        Ok(other)
    }

    /// Says a line to the child.
    ///
    /// # Errors
    /// If it is gone.
    pub(crate) fn say(&mut self, line: &str) -> Result<(), Failure> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        writeln!(stdin, "{line}").map_err(Failure::while_doing("the second process"))
    }

    /// Waits for the child's next line.
    ///
    /// # Errors
    /// If it is gone; what it had to say against that stands on standard error.
    pub(crate) fn hear(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(0) => Err(Failure::new("the second process ended early")),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(error) => Err(Failure::new(format!("the second process: {error}"))),
        }
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
