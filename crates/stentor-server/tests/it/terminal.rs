//! A terminal for a command of the binary, with a test for a person.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::pod::wait_until;

/// A command on a terminal of 24 rows and 80 columns.
pub(crate) struct OnTerminal {
    child: Child,
    /// What the person types goes in here.
    person: File,
    /// The command's side, kept open so that its state can be looked at.
    terminal: File,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl OnTerminal {
    /// Starts it with input and output on the terminal.
    pub(crate) fn start(command: &mut Command) -> OnTerminal {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&person).expect("a terminal of one's own");
        unlockpt(&person).expect("a terminal that opens");
        let name = ptsname(&person, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let terminal = File::from(open(name, flags, Mode::empty()).expect("the other side"));
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).expect("a size");
        let side = || terminal.try_clone().expect("a descriptor");
        let child = command.stdin(side()).stdout(side()).spawn().expect("a binary that runs");
        let person = File::from(person);
        let shown: Arc<Mutex<Vec<u8>>> = Arc::default();
        let (mut output, kept) = (person.try_clone().expect("a descriptor"), Arc::clone(&shown));
        // Ends with the terminal, which the test closes.
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                kept.lock().expect("no panic").extend_from_slice(&bytes[..read]);
            }
        });
        OnTerminal { child, person, terminal, shown }
    }

    /// Waits until it has shown this.
    pub(crate) fn wait_for(&self, text: &str) {
        wait_until(text, || {
            String::from_utf8_lossy(&self.shown.lock().expect("no panic")).contains(text)
        });
    }

    /// Types these keys.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.person.write_all(keys.as_bytes()).expect("a terminal that takes keys");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a process that lives");
    }

    /// Whether the terminal gives lines to programs and echoes them, as a shell wants it.
    pub(crate) fn is_as_a_shell_wants_it(&self) -> bool {
        let modes = tcgetattr(&self.terminal).expect("a terminal").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Waits for its end; the exit code.
    pub(crate) fn wait_for_end(&mut self) -> Option<i32> {
        let mut status = None;
        wait_until("the command to end", || {
            status = self.child.try_wait().expect("a child");
            status.is_some()
        });
        status.and_then(|status| status.code())
    }
}

impl Drop for OnTerminal {
    fn drop(&mut self) {
        // It has ended already where the test passed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
