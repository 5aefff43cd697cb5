//! The real server, where a small one would prove less.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use stentor_testbed::Port;

use crate::PROGRAM;

/// How long it may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the project's folder")
}

/// The server beside the harness, built if it is not; with the whole workspace it is there already.
pub(crate) fn build() -> PathBuf {
    let folder = Path::new(PROGRAM).parent().expect("a program lies in a folder");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "-q", "-p", "stentor-server", "--bin", "stentor"]);
    build.current_dir(project());
    if folder.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().expect("cargo").success(), "the server can be built");
    folder.join("stentor")
}

/// A server that does not outlive this value.
pub(crate) struct Stentor {
    child: Child,
    port: Port,
}

impl Stentor {
    /// One alone, with these settings; it listens.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let port = Port::lease();
        let mut command = Command::new(build());
        command.envs(settings.iter().copied()).env("LOG_LEVEL", "warn");
        command.env("HOST", "127.0.0.1").env("PORT", port.number().to_string());
        let child = command.spawn().expect("the server starts");
        let stentor = Self { child, port };
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(stentor.address()).is_err() {
            assert!(Instant::now() < until, "the server does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        stentor
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.port.address()
    }
}

impl Drop for Stentor {
    fn drop(&mut self) {
        // It may have ended by itself, which its test has seen.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
