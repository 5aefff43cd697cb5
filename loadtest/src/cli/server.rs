//! The options that name the server under load.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::Failure;
use crate::load::dialect::Dialect;
use crate::load::target::Target;
use crate::measure::meter::ServerMeter;

/// The server under load.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServerArgs {
    /// Address of the WebSocket route; a room is asked for as its last path segment
    #[arg(long, default_value = "ws://127.0.0.1:8080/api/chat-api/ws")]
    pub(crate) url: String,
    /// The server's process: its CPU time and memory are read from /proc
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// What the server speaks
    #[arg(long, value_enum, default_value_t)]
    pub(crate) dialect: Dialect,
    /// A token that lets the clients in, sent as `?token=`
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// With wss://, a PEM file of the authorities that the clients trust
    #[arg(long)]
    pub(crate) cacert: Option<PathBuf>,
}

impl ServerArgs {
    /// The server, after making sure that it is there.
    ///
    /// # Errors
    /// If the address is none, nothing answers, it is no Stentor server, or the pid is gone.
    pub(crate) fn find(&self) -> Result<(Target, Option<ServerMeter>), Failure> {
        let (token, cacert) = (self.token.as_deref(), self.cacert.as_deref());
        let target = find_target(&self.url, self.dialect, token, cacert)?;
        let meter = self.pid.map(ServerMeter::new).transpose()?;
        Ok((target, meter))
    }

    /// Refuses a server to which `what` cannot be said.
    ///
    /// # Errors
    /// If it speaks a dialect of another kind.
    pub(crate) fn require_stentor_words(&self, what: &str) -> Result<(), Failure> {
        match self.dialect {
            Dialect::Stentor | Dialect::Plain => Ok(()),
            Dialect::SocketIo | Dialect::Nats => {
                Err(Failure::new(format!("{what} takes a server that speaks as Stentor does")))
            }
        }
    }
}

/// The server at an address, after making sure that it is there.
///
/// # Errors
/// If the address is none, nothing answers, or it is no Stentor server where it should be one; or
/// if the token is empty.
pub(crate) fn find_target(
    url: &str,
    dialect: Dialect,
    token: Option<&str>,
    cacert: Option<&Path>,
) -> Result<Target, Failure> {
    let target = Target::parse_trusting(url, cacert)?.speaking(dialect).carrying(token)?;
    match dialect {
        Dialect::Stentor => target.probe()?,
        Dialect::Plain | Dialect::SocketIo | Dialect::Nats => drop(target.knock()?),
    }
    Ok(target)
}
