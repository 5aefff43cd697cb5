//! A server in this process, on a port that the system chose.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use stentor_server::engine::Engine;
use stentor_server::engine::hooks::{Hooks, NoHooks};
use stentor_server::serve::Stop;
use stentor_server::{ServeError, Server, Settings};
use tokio::sync::Notify;

use crate::client::Client;
use crate::http::Answer;

/// How long anything may take in a test.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// The base path of the pods of tests, which is the default one.
pub(crate) const BASE: &str = "/api/chat-api";

/// A running server; it is drained and its thread awaited when it is dropped.
pub(crate) struct Pod {
    address: SocketAddr,
    engine: Engine,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

struct StopByTest(Arc<Notify>);

impl Stop for StopByTest {
    async fn next(&mut self) {
        self.0.notified().await;
    }
}

/// A plain socket to a pod, in this process or another.
pub(crate) fn socket_to(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).expect("a pod that accepts");
    socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
    socket.set_write_timeout(Some(DEADLINE)).expect("a timeout");
    socket.set_nodelay(true).expect("no delay");
    socket
}

impl Pod {
    /// Starts a pod of one shard on 127.0.0.1 that drains within 200 ms; `change` may have its
    /// settings otherwise.
    pub(crate) fn start(change: impl FnOnce(&mut Settings)) -> Pod {
        Pod::start_with_hooks(change, Arc::new(NoHooks))
    }

    /// As [`Pod::start`], with hooks.
    pub(crate) fn start_with_hooks(
        change: impl FnOnce(&mut Settings),
        hooks: Arc<dyn Hooks>,
    ) -> Pod {
        let mut settings = Settings {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            shards: 1,
            connections_max: 1_000,
            drain_timeout: Duration::from_millis(200),
            ..Settings::default()
        };
        change(&mut settings);
        let stop = Arc::new(Notify::new());
        let stop_by_test = StopByTest(Arc::clone(&stop));
        let (started, start) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let server = Server::start(&settings, hooks)?;
                started
                    .send((server.local_addr(), server.engine().clone()))
                    .expect("the test waits");
                server.run(stop_by_test).await
            })
        });
        let (address, engine) = start.recv_timeout(DEADLINE).expect("a server that starts");
        Pod { address, engine, stop, thread: Some(thread) }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The engine of the pod.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The whole address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A WebSocket on this path and query.
    pub(crate) fn connect(&self, target: &str) -> Client {
        match self.try_connect(target, &[]) {
            Ok(client) => client,
            Err(answer) => panic!("{target} was answered {answer:?}"),
        }
    }

    /// A WebSocket, or the answer that refused it. `headers` are sent beside the handshake's own.
    pub(crate) fn try_connect(
        &self,
        target: &str,
        headers: &[(&str, &str)],
    ) -> Result<Client, Answer> {
        Client::connect(self.socket(), target, headers)
    }

    /// A plain socket to the pod; reads and writes on it end with [`DEADLINE`].
    pub(crate) fn socket(&self) -> TcpStream {
        socket_to(self.address)
    }

    /// `GET path` on a socket of its own.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], "")
    }

    /// `POST path` on a socket of its own.
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path, &[], body)
    }

    /// Any request on a socket of its own.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        crate::http::request(&mut self.socket(), method, path, headers, body)
    }

    /// Sends these bytes on a socket of its own and reads one answer.
    pub(crate) fn exchange(&self, bytes: &[u8]) -> Answer {
        let mut socket = self.socket();
        std::io::Write::write_all(&mut socket, bytes).expect("a pod that reads");
        crate::http::read_answer(&mut socket, "GET")
    }

    /// The pod's statistics.
    pub(crate) fn stats(&self) -> Value {
        self.get(&format!("{BASE}/ws/stats")).json()
    }

    /// Waits until the statistics are as wanted.
    pub(crate) fn wait_for_stats(&self, what: &str, is_so: impl Fn(&Value) -> bool) {
        wait_until(what, || is_so(&self.stats()));
    }

    /// Tells the server to stop, as a signal would; said again, it ends at once.
    pub(crate) fn stop(&self) {
        self.stop.notify_one();
    }

    /// Waits for the server's end.
    pub(crate) fn join(mut self) -> Result<(), ServeError> {
        let thread = self.thread.take().expect("joined once");
        wait_until("the server to end", || thread.is_finished());
        thread.join().expect("a server that does not panic")
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            // A test that fails already has its own message.
            let _ = thread.join();
        }
    }
}

/// Waits until something is so, and fails where it does not become so in time.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
