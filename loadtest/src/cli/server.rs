//! The options that name the server under load.

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
}

impl ServerArgs {
    /// The server, after making sure that it is there.
    ///
    /// # Errors
    /// If the address is none, nothing answers, it is no Stentor server, or the pid is gone.
    pub(crate) fn find(&self) -> Result<(Target, Option<ServerMeter>), Failure> {
        let target = Target::parse(&self.url)?.speaking(self.dialect);
        match self.dialect {
            Dialect::Stentor => target.probe()?,
            Dialect::Plain | Dialect::SocketIo | Dialect::Nats => drop(target.knock()?),
        }
        let meter = self.pid.map(ServerMeter::new).transpose()?;
        Ok((target, meter))
    }
}
