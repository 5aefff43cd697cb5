//! Running programs: each has a deadline, and each child is ended by its own handle.

#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::counts::{self, Counts};

/// How often a child is asked whether it has ended.
const POLL_EVERY: Duration = Duration::from_millis(50);
/// The most failed checks of one program that its fault names.
const NAMED_MAX: usize = 10;

/// Runs a program to its end with its output on the terminal.
///
/// # Errors
/// In words: it cannot be started, did not end in time and was killed, or failed.
pub(crate) fn run(mut command: Command, deadline: Duration) -> Result<(), String> {
    let name = name_of(&command);
    let child = command.spawn().map_err(|e| format!("cannot start {name}: {e}"))?;
    let status = Running { child }.wait(deadline).map_err(|e| format!("{name}: {e}"))?;
    judge(&name, status)
}

/// Runs a program to its end with its output on the terminal; its exit code.
///
/// # Errors
/// In words: it cannot be started, did not end in time and was killed, or was ended by a signal.
pub(crate) fn exit_code(mut command: Command, deadline: Duration) -> Result<i32, String> {
    let name = name_of(&command);
    let child = command.spawn().map_err(|e| format!("cannot start {name}: {e}"))?;
    let status = Running { child }.wait(deadline).map_err(|e| format!("{name}: {e}"))?;
    status.code().ok_or_else(|| format!("{name} ended with {status}"))
}

/// Runs a program to its end, passes its standard output on line by line and sums its tests.
///
/// The sum is given even where the program fails; the fault then stands beside it, and names the
/// first failed checks: much may be printed behind them before anybody looks.
pub(crate) fn count(mut command: Command, deadline: Duration) -> (Counts, Result<(), String>) {
    let mut counts = Counts::default();
    let mut failed = Vec::new();
    let result = read_lines(&mut command, deadline, |line| {
        println!("{line}");
        counts += Counts::of_line(line);
        let names = counts::failed_check(line).filter(|_| failed.len() < NAMED_MAX);
        failed.extend(names.map(str::to_owned));
    });
    let result = result.map_err(|fault| match &*failed {
        [] => fault,
        names => format!("{fault}: {}", names.join(", ")),
    });
    (counts, result)
}

/// Runs a program to its end and gives its standard output; its errors go to the terminal.
///
/// # Errors
/// As [`run`].
pub(crate) fn output(mut command: Command, deadline: Duration) -> Result<String, String> {
    let mut text = String::new();
    read_lines(&mut command, deadline, |line| {
        text.push_str(line);
        text.push('\n');
    })?;
    Ok(text)
}

/// Whether a program can be started and ends well within ten seconds; its output goes nowhere.
pub(crate) fn answers(mut command: Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    run(command, Duration::from_secs(10)).is_ok()
}

fn read_lines(
    command: &mut Command,
    deadline: Duration,
    mut each: impl FnMut(&str),
) -> Result<(), String> {
    let name = name_of(command);
    let until = Instant::now() + deadline;
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|e| format!("cannot start {name}: {e}"))?;
    let stdout = child.stdout.take();
    let mut running = Running { child };
    // Lines come through a thread, so that a silent program cannot outlast its deadline.
    let (tx, rx) = mpsc::sync_channel::<String>(256);
    let reader = thread::spawn(move || {
        for line in stdout.into_iter().flat_map(|out| lossy_lines(BufReader::new(out))) {
            if tx.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        match rx.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => each(&line),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                running.kill();
                return Err(format!("{name} did not end within {} s", deadline.as_secs()));
            }
        }
    }
    let status = running.wait(until.saturating_duration_since(Instant::now()));
    reader.join().map_err(|_| format!("the output of {name} could not be read"))?;
    judge(&name, status?)
}

fn lossy_lines<R: Read>(mut reader: BufReader<R>) -> impl Iterator<Item = String> {
    std::iter::from_fn(move || {
        let mut bytes = Vec::new();
        match reader.read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(String::from_utf8_lossy(&bytes).trim_end().to_owned()),
        }
    })
}

fn judge(name: &str, status: ExitStatus) -> Result<(), String> {
    if status.success() { Ok(()) } else { Err(format!("{name} ended with {status}")) }
}

fn name_of(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    format!("`{line}`")
}

/// A child that does not outlive this value.
pub(crate) struct Running {
    child: Child,
}

impl Running {
    /// Starts a server and waits until its port takes connections.
    ///
    /// # Errors
    /// In words: it cannot be started, ended by itself, or did not listen in time.
    pub(crate) fn server(
        mut command: Command,
        port: u16,
        deadline: Duration,
    ) -> Result<Self, String> {
        let name = name_of(&command);
        let until = Instant::now() + deadline;
        let child = command.spawn().map_err(|e| format!("cannot start {name}: {e}"))?;
        let mut running = Self { child };
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        while Instant::now() < until {
            if let Ok(Some(status)) = running.child.try_wait() {
                return Err(format!("{name} ended with {status} before it listened"));
            }
            if TcpStream::connect_timeout(&address, POLL_EVERY).is_ok() {
                return Ok(running);
            }
            thread::sleep(POLL_EVERY);
        }
        Err(format!("{name} did not listen on {address} within {} s", deadline.as_secs()))
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for its end by itself.
    ///
    /// # Errors
    /// In words: it did not end in time and was killed, or failed.
    pub(crate) fn end(mut self, deadline: Duration) -> Result<(), String> {
        let status = self.wait(deadline)?;
        if status.success() { Ok(()) } else { Err(format!("it ended with {status}")) }
    }

    fn wait(&mut self, deadline: Duration) -> Result<ExitStatus, String> {
        let until = Instant::now() + deadline;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < until => thread::sleep(POLL_EVERY),
                Ok(None) => {
                    self.kill();
                    return Err(format!("it did not end within {} s", deadline.as_secs()));
                }
                Err(e) => return Err(format!("it could not be waited for: {e}")),
            }
        }
    }

    fn kill(&mut self) {
        // It may have ended by itself meanwhile, which is what was wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that is free on the loopback at this moment.
///
/// # Errors
/// In words, where none can be bound.
pub(crate) fn free_port() -> Result<u16, String> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|e| format!("no free port: {e}"))
}
