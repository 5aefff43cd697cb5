//! A server's process: started, stopped, killed by its own handle.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process, waitid};

/// How many lines of a log are shown after a failure.
const LOG_LINES_MAX: usize = 40;

/// A running child; dropping it kills it, and shows the end of its log where a test panics.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program in a folder; what it says is added to `log.txt` there.
    pub(crate) fn start(mut command: Command, folder: &Path) -> Self {
        let log = folder.join("log.txt");
        let file = File::options().create(true).append(true).open(&log);
        let file = file.unwrap_or_else(|e| panic!("{}: {e}", log.display()));
        let child = command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stderr(file.try_clone().expect("a second handle of the log"))
            .stdout(file)
            .spawn()
            .unwrap_or_else(|e| panic!("cannot start {}: {e}", command.get_program().display()));
        Self { child, log }
    }

    /// Whether it has ended by itself or by a signal; it is left to be reaped.
    pub(crate) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.wait_for(options).is_some()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops it (SIGSTOP) and waits until it stands still.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP, WaitIdOptions::STOPPED);
    }

    /// Lets it go on (SIGCONT) and waits until it does.
    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT, WaitIdOptions::CONTINUED);
    }

    /// Signals the child and waits for the effect, or for its end.
    fn signal(&self, signal: Signal, effect: WaitIdOptions) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("a child that is not reaped takes signals");
        self.wait_for(effect | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
    }

    fn wait_for(&self, options: WaitIdOptions) -> Option<WaitIdStatus> {
        let id = WaitId::Pid(Pid::from_child(&self.child));
        waitid(id, options).expect("a child of our own can be waited for")
    }

    /// The end of what it said.
    pub(crate) fn log_tail(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_MAX)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL ends a stopped process too. One that has ended needs nothing more.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the end of {}:\n{}", self.log.display(), self.log_tail());
        }
    }
}
