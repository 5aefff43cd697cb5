//! A server's life: start, serve, drain, end.

use std::convert::Infallible;
use std::fmt;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use stentor_engine::{Engine, EngineConfig, Hooks, StartError, rustls};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

use crate::diverted::{DIVERTED_MAX, Diverted};
use crate::door::{HttpDoor, Upgrades};
use crate::health::Health;
use crate::http::{self, App};
use crate::identity::{SelfTestFailure, self_test};
use crate::logging::{self, LogLevel};
use crate::reload::Reload;
use crate::settings::{Settings, raise_descriptor_limit};
use crate::tls::LiveCertificate;
use crate::traces::Exporting;

/// What spans that wait at the end of the process get, to go to a collector.
const TRACES_PATIENCE: Duration = Duration::from_secs(2);

/// Runs a server until a signal ends it: the first SIGTERM or SIGINT drains, a second one ends at
/// once. SIGHUP has the settings read again that come from files. Starts logging, and a runtime on
/// this thread.
///
/// # Errors
/// Why it did not start, or did not end cleanly.
pub fn serve(settings: Settings, hooks: Arc<dyn Hooks>) -> Result<(), ServeError> {
    let exporting = Exporting::start(settings.traces.as_ref(), &pod_name());
    let exporting = exporting.map_err(ServeError::Traces)?;
    let level = logging::start(&settings, exporting.as_ref());
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(ServeError::Runtime)?;
    let outcome = runtime.block_on(async {
        let signals = Signals::new().map_err(ServeError::Runtime)?;
        // Before anybody is in, whom a SIGHUP that nobody takes would drop.
        let hangups = Hangups::new(&settings, level).map_err(ServeError::Runtime)?;
        let server = Server::start(&settings, hooks)?;
        let reload = Rc::clone(&server.reload);
        tracing::info!(address = %server.local_addr(), shards = settings.shards, "listening");
        tokio::select! {
            outcome = server.run(signals) => outcome,
            never = hangups.pass_on(reload) => match never {},
        }
    });
    // A read of a file that hangs is not waited for.
    runtime.shutdown_background();
    if let Some(exporting) = exporting
        && !matches!(outcome, Err(ServeError::Interrupted))
    {
        exporting.end(TRACES_PATIENCE);
    }
    outcome
}

/// What tells a server to stop.
pub trait Stop {
    /// Completes when the server is to drain; again when it is to end at once.
    ///
    /// # Cancel safety
    /// It is called anew after its future was dropped, and must lose nothing then.
    fn next(&mut self) -> impl Future<Output = ()>;
}

/// A server that listens. It lives on the thread that started it; the engine below has threads of
/// its own.
#[derive(Debug)]
pub struct Server {
    engine: Engine,
    app: Rc<App>,
    diverted: mpsc::Receiver<Diverted>,
    reload: Rc<Reload>,
    address: SocketAddr,
}

impl Server {
    /// Raises the process's soft descriptor limit to the hard one, on which the settings count.
    /// Then binds and lets WebSockets in; other requests wait until [`Server::run`].
    ///
    /// # Errors
    /// The engine's, among them an address that is in use; cryptography that does not work.
    pub fn start(settings: &Settings, hooks: Arc<dyn Hooks>) -> Result<Server, ServeError> {
        if let Err(error) = raise_descriptor_limit() {
            tracing::warn!(%error, "the descriptor limit stays as it is");
        }
        let pod = pod_name();
        let upgrades = Arc::new(Upgrades::new(settings));
        if settings.identity.is_some() {
            self_test().map_err(ServeError::SelfTest)?;
        }
        let health = Arc::new(Health::new(settings));
        let (divert, diverted) = mpsc::channel(DIVERTED_MAX);
        let door = Arc::new(HttpDoor::new(Arc::clone(&upgrades), Arc::clone(&health), divert));
        let certificate =
            settings.tls.as_ref().map(|tls| Arc::new(LiveCertificate::new(&tls.certificate)));
        let tls = certificate.as_ref().map(LiveCertificate::server_config).transpose();
        let config = EngineConfig {
            tls: tls.map_err(ServeError::Tls)?.map(Arc::new),
            ..settings.engine_config(pod.clone())
        };
        let engine = Engine::start_listening(config, hooks, settings.address, door)
            .map_err(|error| ServeError::Start { address: settings.address, error })?;
        health.watch(&engine);
        let address = engine.local_addr().unwrap_or(settings.address);
        let app = App::new(
            engine.clone(),
            pod,
            Arc::clone(&upgrades),
            health,
            certificate.clone(),
            settings,
        );
        let reloads = Rc::clone(&app.reloads);
        let reload = Reload::new(engine.clone(), upgrades, certificate, reloads, settings);
        let (app, reload) = (Rc::new(app), Rc::new(reload));
        Ok(Server { engine, app, diverted, reload, address })
    }

    /// Where it listens, with the port that the system chose where the settings said 0.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The engine below, to publish and inspect from the same program.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Serves until `stop` says so, then drains; HTTP is answered until the engine has drained.
    /// A certificate, and keys of tokens that come from a file, are kept as their files are.
    ///
    /// # Errors
    /// [`ServeError::Interrupted`] where `stop` spoke a second time during the drain,
    /// [`ServeError::ShardEnded`] where a shard's thread ended by itself.
    ///
    /// # Cancel safety
    /// Dropping the future drops HTTP connections and leaves the engine running.
    pub async fn run(self, mut stop: impl Stop) -> Result<(), ServeError> {
        let (http_stop, http_stopped) = oneshot::channel::<()>();
        let http = http::run(self.app, self.diverted, async {
            // An error means that the sender is gone, which is a reason to stop as well.
            let _ = http_stopped.await;
        });
        let engine = self.engine;
        let life = async {
            tokio::select! {
                () = stop.next() => {}
                () = engine.failed() => return Err(ServeError::ShardEnded),
            }
            tracing::info!(connections = engine.inspect().connections(), "draining");
            tokio::select! {
                () = engine.drain() => {}
                () = stop.next() => return Err(ServeError::Interrupted),
            }
            tracing::info!("drained");
            drop(http_stop);
            Ok(())
        };
        let mut http = std::pin::pin!(http);
        let mut life = std::pin::pin!(life);
        tokio::select! {
            biased;
            never = self.reload.watch_files() => match never {},
            outcome = &mut life => outcome?,
            () = &mut http => return life.await,
        }
        http.await;
        Ok(())
    }
}

/// SIGHUP, which has the settings read again. It is taken in any case but one: where there is nothing
/// to read and a person started the server at a terminal, closing the terminal ends it.
struct Hangups {
    hangup: Option<Signal>,
    level: Option<LogLevel>,
}

impl Hangups {
    fn new(settings: &Settings, level: Option<LogLevel>) -> std::io::Result<Hangups> {
        let is_taken = !settings.source.files().is_empty() || !std::io::stderr().is_terminal();
        let hangup = is_taken.then(|| signal(SignalKind::hangup())).transpose()?;
        Ok(Hangups { hangup, level })
    }

    async fn pass_on(mut self, reload: Rc<Reload>) -> Infallible {
        let Some(hangup) = &mut self.hangup else { return std::future::pending().await };
        while hangup.recv().await.is_some() {
            reload.read_again(self.level.as_ref()).await;
        }
        std::future::pending().await
    }
}

/// SIGTERM and SIGINT, each of which counts.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }
}

impl Stop for Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Why a server did not start, or did not end cleanly. The process then ends with code 1.
#[derive(Debug)]
pub enum ServeError {
    /// The system gave no runtime or no signals.
    Runtime(std::io::Error),
    /// The engine did not start.
    Start {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the engine says.
        error: StartError,
    },
    /// What tokens are checked with does not work: the fault is ours.
    SelfTest(SelfTestFailure),
    /// There is no TLS to be had.
    Tls(rustls::Error),
    /// What is said of traces cannot be done.
    Traces(String),
    /// A second signal came before the first one's drain was done.
    Interrupted,
    /// The thread of a shard ended by itself: the fault is ours.
    ShardEnded,
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ServeError::Runtime(error) => write!(f, "the system refused what is needed: {error}"),
            ServeError::Start { address, error } => {
                write!(f, "cannot start on {address}: {error}")
            }
            ServeError::SelfTest(failure) => failure.fmt(f),
            ServeError::Tls(error) => write!(f, "cannot speak TLS: {error}"),
            ServeError::Traces(why) => write!(f, "cannot export traces: {why}"),
            ServeError::Interrupted => f.write_str("ended at once by a second signal"),
            ServeError::ShardEnded => f.write_str("a shard ended unexpectedly"),
        }
    }
}

impl std::error::Error for ServeError {}

/// The name of this process among pods: its host's name, its process id where there is none.
fn pod_name() -> String {
    let host = std::env::var("HOSTNAME").ok().or_else(|| {
        std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).ok()
    });
    match host.filter(|host| !host.is_empty()) {
        Some(host) => format!("{host}-{}", std::process::id()),
        None => format!("pod-{}", std::process::id()),
    }
}
