//! The server that users get, started for a step.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::project::Project;
use crate::run::{self, Running};
use crate::steps::build::{Target, build};

const SERVER: Target = Target { kind: "bin", name: "stentor" };
const LISTEN_DEADLINE: Duration = Duration::from_secs(10);
const ANSWER_DEADLINE: Duration = Duration::from_secs(10);

/// A server of our own; it ends with this value.
pub(crate) struct Pod {
    _server: Running,
    address: SocketAddr,
}

impl Pod {
    /// Builds and starts one without the limit on messages: a talker here is no abuser.
    ///
    /// # Errors
    /// In words: it does not compile, or does not listen in time.
    pub(crate) fn start(project: &Project) -> Result<Self, String> {
        let port = run::free_port()?;
        let mut command = project.command(build(project, &SERVER)?);
        command.env("HOST", "127.0.0.1").env("PORT", port.to_string());
        command.env("RATE_LIMIT", "0").env("LOG_LEVEL", "warn");
        let server = Running::server(command, port, LISTEN_DEADLINE)?;
        Ok(Self { _server: server, address: SocketAddr::from(([127, 0, 0, 1], port)) })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The body of what it answers to `GET path`.
    ///
    /// # Errors
    /// In words: no answer in time, or another one than 200.
    pub(crate) fn get(&self, path: &str) -> Result<Vec<u8>, String> {
        let answer = self.exchange(path).map_err(|e| format!("GET {path}: {e}"))?;
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        match end {
            Some(end) if answer.starts_with(b"HTTP/1.1 200 ") => Ok(answer[end + 4..].to_vec()),
            _ => Err(format!("GET {path} was not answered with 200")),
        }
    }

    fn exchange(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let mut socket = TcpStream::connect_timeout(&self.address, ANSWER_DEADLINE)?;
        socket.set_read_timeout(Some(ANSWER_DEADLINE))?;
        write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer)?;
        Ok(answer)
    }
}
