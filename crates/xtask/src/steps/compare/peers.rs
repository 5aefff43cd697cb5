//! The servers that are measured: where each comes from, and how it is started.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::project::Project;
use crate::steps::build::{Package, build_release};
use crate::{run, tools};

const STENTOR: Package = Package { name: "stentor-server", program: "stentor" };
const AXUM: Package = Package { name: "stentor-peer-axum", program: "stentor-peer-axum" };
/// The servers' own files.
const FILES: &str = "loadtest/peers";
const VERSION_DEADLINE: Duration = Duration::from_secs(30);

/// One that is measured.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Peer {
    Stentor,
    Axum,
    NodeWs,
    SocketIo,
    Nchan,
    Nats,
}

impl Peer {
    /// All of them, in the order of the table.
    pub(super) const ALL: [Self; 6] =
        [Self::Stentor, Self::Axum, Self::NodeWs, Self::SocketIo, Self::Nchan, Self::Nats];

    /// The peer that `--only` calls so.
    ///
    /// # Errors
    /// In words, with all names, if there is none.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|peer| peer.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("there is no peer `{name}`, but {names}")
        })
    }

    /// Its name for `--only` and for files.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stentor => "stentor",
            Self::Axum => "axum",
            Self::NodeWs => "node-ws",
            Self::SocketIo => "socket.io",
            Self::Nchan => "nchan",
            Self::Nats => "nats",
        }
    }

    /// Its name in the table.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Stentor => "Stentor",
            Self::Axum => "axum",
            Self::NodeWs => "Node ws",
            Self::SocketIo => "Socket.IO",
            Self::Nchan => "nchan (nginx)",
            Self::Nats => "nats-server",
        }
    }

    /// What it speaks, as the harness calls it.
    pub(super) fn dialect(self) -> &'static str {
        match self {
            Self::Stentor => "stentor",
            Self::Axum | Self::NodeWs | Self::Nchan => "plain",
            Self::SocketIo => "socket.io",
            Self::Nats => "nats",
        }
    }

    /// Where its WebSocket route is.
    pub(super) fn url(self, port: u16) -> String {
        let path = match self {
            Self::Stentor => "/api/chat-api/ws",
            Self::Axum | Self::NodeWs | Self::Nchan => "/ws",
            Self::SocketIo => "/socket.io",
            Self::Nats => "",
        };
        format!("ws://127.0.0.1:{port}{path}")
    }
}

/// A peer that is here.
#[derive(Debug)]
pub(super) struct Kit {
    /// What exactly is measured.
    pub(super) version: String,
    program: Program,
}

/// What is started.
#[derive(Debug)]
enum Program {
    /// One of our own.
    Ours(PathBuf),
    /// A script, and the folder of the modules that it needs.
    Node { script: PathBuf, modules: PathBuf },
    /// nginx with its module.
    Nginx { nginx: PathBuf, module: PathBuf },
    /// nats-server.
    Nats(PathBuf),
}

impl Kit {
    /// Builds or fetches it.
    ///
    /// # Errors
    /// In words, why it is not to be had.
    pub(super) fn get(project: &Project, peer: Peer) -> Result<Self, String> {
        match peer {
            Peer::Stentor => {
                let program = build_release(project, &STENTOR)?;
                let version = version_of(project, &program, "--version")?;
                Ok(Self { version, program: Program::Ours(program) })
            }
            Peer::Axum => {
                let program = Program::Ours(build_release(project, &AXUM)?);
                let lock = std::fs::read_to_string(project.path("Cargo.lock"));
                let version = lock.ok().and_then(|lock| locked_version(&lock, "axum"));
                let version = version.ok_or("Cargo.lock names no version of axum")?;
                Ok(Self { version: format!("axum {version}"), program })
            }
            Peer::NodeWs => node(project, "node-ws", "ws"),
            Peer::SocketIo => node(project, "socket-io", "socket.io"),
            Peer::Nchan => {
                let (nginx, module) = tools::nchan(project)?;
                let about = version_of(project, &nginx, "-v")?;
                let about = about.rsplit(' ').next().unwrap_or_default().to_owned();
                let package = tools::package_version(project, tools::NCHAN_PACKAGE);
                let version = format!("nchan {}, {about}", package.as_deref().unwrap_or("?"));
                Ok(Self { version, program: Program::Nginx { nginx, module } })
            }
            Peer::Nats => {
                let program = tools::nats_server(project)?;
                let version = version_of(project, &program, "--version")?;
                Ok(Self { version, program: Program::Nats(program) })
            }
        }
    }

    /// The words that start it at `port`; what it needs to write goes to `folder`.
    ///
    /// # Errors
    /// In words, if a file of its settings cannot be made.
    pub(super) fn start(
        &self,
        project: &Project,
        port: u16,
        folder: &Path,
    ) -> Result<Start, String> {
        let port_text = port.to_string();
        let mut start = Start::default();
        match &self.program {
            Program::Ours(program) => {
                start.words.push(program.into());
                let settings = [("HOST", "127.0.0.1"), ("RATE_LIMIT", "0"), ("SHARDS", "1")];
                for (name, value) in settings.iter().chain(&[("LOG_LEVEL", "warn")]) {
                    start.environment.push((name, value.into()));
                }
                start.environment.push(("PORT", port_text.into()));
            }
            Program::Node { script, modules } => {
                start.words.extend(["node".into(), script.into()]);
                start.environment.push(("NODE_PATH", modules.into()));
                start.environment.push(("PORT", port_text.into()));
            }
            Program::Nginx { nginx, module } => {
                let settings = folder.join("nginx.conf");
                let template =
                    std::fs::read_to_string(project.path(FILES).join("nchan/nginx.conf"))
                        .map_err(|e| format!("no settings of nchan: {e}"))?;
                let text = template.replace("@PORT@", &port_text);
                let text = text.replace("@MODULE@", &module.to_string_lossy());
                std::fs::write(&settings, text)
                    .map_err(|e| format!("cannot write {}: {e}", settings.display()))?;
                start.words.extend([nginx.into(), "-p".into(), folder.into()]);
                start.words.extend(["-c".into(), settings.into()]);
            }
            Program::Nats(program) => {
                let settings = project.path(FILES).join("nats/nats.conf");
                start.words.extend([program.into(), "-c".into(), settings.into()]);
                start.environment.push(("PEER_PORT", port_text.into()));
            }
        }
        Ok(start)
    }
}

/// How a server is started.
#[derive(Debug, Default)]
pub(super) struct Start {
    words: Vec<OsString>,
    environment: Vec<(&'static str, OsString)>,
}

impl Start {
    /// The command, its process on `core` if there is one to give it.
    ///
    /// Both the shell, which raises the limit of descriptors, and taskset become the server: the
    /// process that is started is the one to be measured.
    pub(super) fn command(self, project: &Project, core: Option<usize>) -> Command {
        let mut command = project.command("sh");
        command.args(["-c", "ulimit -Sn \"$(ulimit -Hn)\" && exec \"$@\"", "sh"]);
        if let Some(core) = core {
            command.args(["taskset", "-c", &core.to_string()]);
        }
        command.args(self.words).envs(self.environment);
        command
    }
}

fn node(project: &Project, folder: &str, package: &str) -> Result<Kit, String> {
    let modules = tools::peer_modules(project)?;
    let manifest = std::fs::read(modules.join(package).join("package.json"))
        .map_err(|e| format!("npm left no {package}: {e}"))?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest)
        .map_err(|e| format!("the package.json of {package}: {e}"))?;
    let version = manifest["version"].as_str().unwrap_or("?");
    let node = version_of(project, Path::new("node"), "--version")?;
    let script = project.path(FILES).join(folder).join("server.js");
    let version = format!("{package} {version}, Node {node}");
    Ok(Kit { version, program: Program::Node { script, modules } })
}

/// The first line of what a program says of itself, on whichever of its outputs.
fn version_of(project: &Project, program: &Path, flag: &str) -> Result<String, String> {
    let mut command = project.command("sh");
    command.args(["-c", "exec \"$@\" 2>&1", "sh"]).arg(program).arg(flag);
    let text = run::output(command, VERSION_DEADLINE)?;
    Ok(text.lines().next().unwrap_or("?").trim().to_owned())
}

/// The version of a package in a `Cargo.lock`.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let head = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != head).skip(1);
    let version = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}
