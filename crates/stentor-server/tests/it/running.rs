//! A command of the binary that runs while a test goes on.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use rustix::process::{Pid, Signal, kill_process};

use crate::pod::wait_until;

/// How it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) output: String,
    pub(crate) complaints: String,
}

/// A command whose output is read all the time.
pub(crate) struct Running {
    child: Child,
    output: Arc<Mutex<String>>,
    complaints: Arc<Mutex<String>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Running {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a binary that runs");
        let (output, complaints) = (Arc::default(), Arc::default());
        let readers = vec![
            keep(child.stdout.take().expect("a pipe"), &output),
            keep(child.stderr.take().expect("a pipe"), &complaints),
        ];
        Running { child, output, complaints, readers }
    }

    /// Waits until it has said this on standard output.
    pub(crate) fn wait_for_output(&self, text: &str) {
        wait_until(text, || self.output.lock().expect("no panic").contains(text));
    }

    /// Waits until it has said this on standard error.
    pub(crate) fn wait_for_complaint(&self, text: &str) {
        wait_until(text, || self.complaints.lock().expect("no panic").contains(text));
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process that lives");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let mut status = None;
        wait_until("the command to end", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        for reader in std::mem::take(&mut self.readers) {
            reader.join().expect("text");
        }
        let taken = |text: &Mutex<String>| std::mem::take(&mut *text.lock().expect("no panic"));
        Ended {
            code: status.and_then(|status| status.code()),
            output: taken(&self.output),
            complaints: taken(&self.complaints),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where the test passed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keep(pipe: impl Read + Send + 'static, kept: &Arc<Mutex<String>>) -> JoinHandle<()> {
    let kept = Arc::clone(kept);
    let mut lines = BufReader::new(pipe);
    std::thread::spawn(move || {
        let mut line = String::new();
        while lines.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            kept.lock().expect("no panic").push_str(&std::mem::take(&mut line));
        }
    })
}
