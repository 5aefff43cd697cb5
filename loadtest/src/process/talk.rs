//! How the processes of one program talk: a line of JSON each, orders in and answers out.
//!
//! Knows no order and no answer.

use std::fmt;
use std::io::{self, BufRead as _, Write as _};
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// How many orders may wait; the first process says one at a time.
const ORDERS_MAX: usize = 4;

/// The line that says `what`.
///
/// # Errors
/// None for what is said here: it has no maps.
pub(crate) fn line<T: Serialize + fmt::Debug>(what: &T) -> Result<String, Failure> {
    serde_json::to_string(what).map_err(Failure::while_doing("a line to another process"))
}

/// Reads a line.
///
/// # Errors
/// If it is none of these.
pub(crate) fn read<T: DeserializeOwned>(line: &str) -> Result<T, Failure> {
    serde_json::from_str(line).map_err(Failure::while_doing("a line of another process"))
}

/// Says it to the process that started this one.
///
/// # Errors
/// If that is gone.
pub(crate) fn say<T: Serialize + fmt::Debug>(what: &T) -> Result<(), Failure> {
    let line = line(what)?;
    writeln!(io::stdout(), "{line}").map_err(Failure::while_doing("the first process"))
}

/// The orders as they come, read by a thread of its own: the sockets are never kept waiting.
#[derive(Debug)]
pub(crate) struct Orders {
    lines: Receiver<String>,
    /// One that came while another was being carried out.
    next: Option<String>,
}

impl Orders {
    /// Begins to listen.
    pub(crate) fn listen() -> Self {
        let (tx, lines) = mpsc::sync_channel(ORDERS_MAX);
        thread::spawn(move || {
            for line in io::stdin().lock().lines().map_while(Result::ok) {
                if tx.send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines, next: None }
    }

    /// The next one, if it is there already.
    ///
    /// # Errors
    /// If the first process is gone.
    pub(crate) fn poll<T: DeserializeOwned>(&mut self) -> Result<Option<T>, Failure> {
        self.watch()?;
        self.next.take().map(|line| read(&line)).transpose()
    }

    /// Makes sure that there is still somebody to report to.
    ///
    /// # Errors
    /// If there is not.
    pub(crate) fn watch(&mut self) -> Result<(), Failure> {
        if self.next.is_some() {
            return Ok(());
        }
        match self.lines.try_recv() {
            Ok(line) => self.next = Some(line),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                return Err(Failure::new("the first process is gone"));
            }
        }
        Ok(())
    }
}
