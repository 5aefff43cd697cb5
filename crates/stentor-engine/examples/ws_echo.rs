//! An echo server on the engine: what a client sends comes back as it is, whatever the path.
//!
//! It shows how a program embeds the engine behind an HTTP server of its own, here hyper, and it
//! is what the conformance suite drives.
//!
//! ```sh
//! cargo run --release -p stentor-engine --example ws_echo -- --port 9901
//! ```

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use stentor_engine::{Admission, Client, Engine, EngineConfig, Handling, Hooks, Payload};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

/// Echoes every WebSocket message to its sender.
#[derive(Parser)]
struct Options {
    /// The port to listen on, on the loopback address; 0 takes a free one.
    #[arg(long, default_value_t = 9901)]
    port: u16,
    /// The most bytes of one message; one more is answered with close 1009.
    #[arg(long, default_value_t = 65_536)]
    message_bytes_max: usize,
}

/// Answers each message with itself, before anything would parse it.
struct Echo;

impl Hooks for Echo {
    fn on_payload(&self, _client: &Client<'_>, payload: Payload<'_>) -> Handling {
        match payload {
            Payload::Text(text) => Handling::AnswerText(text.to_owned()),
            Payload::Binary(bytes) => Handling::AnswerBinary(bytes.to_vec()),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let config = EngineConfig {
        message_bytes_max: options.message_bytes_max,
        rate_limit: 0,
        ..EngineConfig::default()
    };
    let engine = Engine::start(config, Arc::new(Echo))?;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], options.port))).await?;
    println!("echoing on ws://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        let engine = engine.clone();
        tokio::spawn(async move {
            if let Err(error) = upgrade(&engine, socket).await {
                eprintln!("a client did not get in: {error}");
            }
        });
    }
}

/// Serves one request; where it was an upgrade, the engine gets the socket and what came behind.
async fn upgrade(engine: &Engine, socket: TcpStream) -> Result<(), Box<dyn Error>> {
    let upgraded = AtomicBool::new(false);
    let service = service_fn(|request| {
        let response = respond(request);
        let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        upgraded.store(switches, Ordering::Relaxed);
        std::future::ready(Ok::<_, Infallible>(response))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(5))
        .keep_alive(false)
        .serve_connection(TokioIo::new(socket), service);
    let parts = connection.without_shutdown().await?;
    if !upgraded.load(Ordering::Relaxed) {
        return Ok(());
    }
    let mut socket = parts.io.into_inner();
    socket.flush().await?;
    engine.attach(socket.into_std()?, parts.read_buf.to_vec(), Admission::default())?;
    Ok(())
}

fn respond(mut request: Request<Incoming>) -> Response<Empty<Bytes>> {
    // The response is all that is wanted of it: the engine takes the socket from hyper itself.
    match fastwebsockets::upgrade::upgrade(&mut request) {
        Ok((response, _)) => response,
        Err(_) => {
            let mut refusal = Response::new(Empty::new());
            *refusal.status_mut() = StatusCode::UPGRADE_REQUIRED;
            refusal
        }
    }
}
