//! A process that faults happen to: one that the audit has started, or one that stands already.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::audit::plan::{Act, ProcessPlan};
use crate::failure::Failure;

/// How long a process may take until it is ready, and one that was asked to end until it has.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is asked meanwhile.
const PAUSE: Duration = Duration::from_millis(20);
/// How long it may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// The process, and whether it should be there.
#[derive(Debug)]
pub(crate) struct Process {
    plan: ProcessPlan,
    child: Option<Child>,
    /// Whether its end was asked for.
    end_asked: bool,
    /// Since when it is to start as soon as its forerunner has ended.
    start_asked: Option<Instant>,
}

impl Process {
    /// A process that has not been started.
    pub(crate) fn new(plan: ProcessPlan) -> Self {
        Self { plan, child: None, end_asked: false, start_asked: None }
    }

    /// What the plan calls it.
    pub(crate) fn name(&self) -> &str {
        &self.plan.name
    }

    /// Starts it if that is ours to do, and waits until it is ready.
    ///
    /// # Errors
    /// If it cannot be started, ends, or is not ready in time.
    pub(crate) fn bring_up(&mut self) -> Result<(), Failure> {
        self.start()?;
        let name = &self.plan.name;
        let Some(ready) = &self.plan.ready else { return Ok(()) };
        let deadline = Instant::now() + PATIENCE;
        while !answers(ready) {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                return Err(Failure::new(format!("process {name} ended at its start: {status}")));
            }
            if Instant::now() > deadline {
                return Err(Failure::new(format!("process {name} is not ready after 20 s")));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Does something to it; a start may have to wait for [`Process::poll`].
    ///
    /// # Errors
    /// If it is not there.
    pub(crate) fn act(&mut self, act: Act) -> Result<(), Failure> {
        match act {
            Act::Kill => self.end(Signal::KILL),
            Act::Terminate => self.end(Signal::TERM),
            Act::Pause => self.signal(Signal::STOP),
            Act::Resume => self.signal(Signal::CONT),
            Act::Start => {
                self.start_asked = Some(Instant::now());
                Ok(())
            }
            Act::Restart => {
                self.end(Signal::TERM)?;
                self.start_asked = Some(Instant::now());
                Ok(())
            }
        }
    }

    /// Takes note of its end, and starts it where that is due; says if it ended unasked.
    ///
    /// One that was asked to end and does not within 20 seconds is killed before the start.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn poll(&mut self) -> Result<Option<String>, Failure> {
        let mut unasked = None;
        if let Some(child) = &mut self.child
            && let Ok(Some(status)) = child.try_wait()
        {
            self.child = None;
            if !self.end_asked {
                unasked = Some(format!("process {} ended unasked: {status}", self.plan.name));
            }
        }
        if let Some(asked) = self.start_asked {
            if self.child.is_none() {
                self.start()?;
            } else if self.end_asked && asked.elapsed() > PATIENCE {
                self.signal(Signal::KILL)?;
            }
        }
        Ok(unasked)
    }

    fn start(&mut self) -> Result<(), Failure> {
        let Some(command) = &self.plan.command else { return Ok(()) };
        let what = format!("process {}: {} cannot be started", self.plan.name, command[0]);
        let output = || match &self.plan.log {
            Some(path) => File::options().create(true).append(true).open(path).map(Stdio::from),
            None => Ok(Stdio::null()),
        };
        let child = Command::new(&command[0])
            .args(&command[1..])
            .envs(&self.plan.env)
            .stdin(Stdio::null())
            .stdout(output().map_err(Failure::while_doing(&what))?)
            .stderr(output().map_err(Failure::while_doing(&what))?)
            .spawn()
            .map_err(Failure::while_doing(&what))?;
        self.child = Some(child);
        self.end_asked = false;
        self.start_asked = None;
        Ok(())
    }

    fn end(&mut self, signal: Signal) -> Result<(), Failure> {
        self.end_asked = true;
        self.signal(signal)
    }

    fn signal(&self, signal: Signal) -> Result<(), Failure> {
        let name = &self.plan.name;
        let gone = || Failure::new(format!("process {name} is not there"));
        let pid = match &self.child {
            Some(child) => Pid::from_child(child),
            None => self.foreign_pid().ok_or_else(gone)?,
        };
        kill_process(pid, signal).map_err(Failure::while_doing(format!("process {name}")))
    }

    fn foreign_pid(&self) -> Option<Pid> {
        let from_file =
            || fs::read_to_string(self.plan.pid_file.as_ref()?).ok()?.trim().parse().ok();
        let pid = self.plan.pid.or_else(from_file)?;
        // No process group and not everybody: a pid above zero.
        Pid::from_raw(i32::try_from(pid).ok()?)
    }
}

impl Drop for Process {
    /// Ends what the audit has started, politely if it listens.
    fn drop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let pid = Pid::from_child(&child);
        let asked = kill_process(pid, Signal::CONT).and_then(|()| kill_process(pid, Signal::TERM));
        let deadline = Instant::now() + PATIENCE;
        while asked.is_ok() && Instant::now() < deadline {
            if matches!(child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            thread::sleep(PAUSE);
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Whether something accepts at `tcp:host:port`, or answers `http://host:port/path` with 200.
fn answers(ready: &str) -> bool {
    if let Some(address) = ready.strip_prefix("tcp:") {
        return connect(address).is_some();
    }
    let rest = ready.strip_prefix("http://").unwrap_or(ready);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let Some(mut stream) = connect(host) else { return false };
    let question = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let mut status = [0; 12];
    let asked = stream
        .set_read_timeout(Some(ANSWER_TIMEOUT))
        .and_then(|()| stream.write_all(question.as_bytes()))
        .and_then(|()| stream.read_exact(&mut status));
    asked.is_ok() && status.ends_with(b" 200")
}

fn connect(address: &str) -> Option<TcpStream> {
    let address = address.to_socket_addrs().ok()?.next()?;
    TcpStream::connect_timeout(&address, ANSWER_TIMEOUT).ok()
}
