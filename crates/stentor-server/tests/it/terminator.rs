//! What ends TLS in front of a pod, and may do it badly.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, SupportedProtocolVersion};
use stentor_testbed::{Certificates, Leaf};
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::pod::DEADLINE;

/// What becomes of the connections that there are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    /// They go on.
    Serve,
    /// The socket is closed as if TLS were not there.
    Cut,
    /// TLS is ended as it should be, behind the pod's back.
    SayGoodbye,
    /// Bytes that are no record stand between the records.
    Disturb,
    /// All is over.
    Stop,
}

/// How one connection went.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The name that was asked for; an IP address is none.
    pub(crate) name: Option<String>,
    /// What was agreed on by ALPN.
    pub(crate) alpn: Option<Vec<u8>>,
    /// Whether both sides ended in order, the client with a goodbye of TLS.
    pub(crate) outcome: io::Result<()>,
}

/// A server with TLS that passes on to a pod what it hears. It ends when it is dropped.
pub(crate) struct Terminator {
    address: SocketAddr,
    orders: watch::Sender<Order>,
    ended: mpsc::Receiver<Ended>,
    thread: Option<JoinHandle<()>>,
}

/// How a server speaks TLS that has this certificate and the versions that are usual.
pub(crate) fn config(certificates: &Certificates) -> ServerConfig {
    let versions = rustls::DEFAULT_VERSIONS;
    config_of(&certificates.server(), &certificates.server_key(), versions)
}

/// The same with another certificate of the authority.
pub(crate) fn config_with(leaf: &Leaf) -> ServerConfig {
    config_of(&leaf.certificate, &leaf.key, rustls::DEFAULT_VERSIONS)
}

/// The same with these versions only.
pub(crate) fn config_of(
    certificate: &Path,
    key: &Path,
    versions: &[&'static SupportedProtocolVersion],
) -> ServerConfig {
    let chain = vec![CertificateDer::from_pem_file(certificate).expect("a certificate")];
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("versions that ring knows")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a key that belongs to the certificate");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

impl Terminator {
    pub(crate) fn start(config: ServerConfig, pod: SocketAddr) -> Terminator {
        let (orders, order) = watch::channel(Order::Serve);
        let (ended_tx, ended) = mpsc::channel();
        let (started, start) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
                started.send(listener.local_addr().expect("an address")).expect("a test");
                accept(listener, TlsAcceptor::from(Arc::new(config)), pod, order, ended_tx).await;
            });
        });
        let address = start.recv_timeout(DEADLINE).expect("a server that starts");
        Terminator { address, orders, ended, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address for a browser or a client, by a name of its certificate.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}", self.address.port())
    }

    /// Does something to all connections that there are.
    pub(crate) fn order(&self, order: Order) {
        self.orders.send(order).expect("a server that runs");
    }

    /// How the next connection went, once it has ended.
    pub(crate) fn next_end(&self) -> Ended {
        self.ended.recv_timeout(DEADLINE).expect("a connection that ends")
    }
}

impl Drop for Terminator {
    fn drop(&mut self) {
        // A server that panicked hears nothing, and its thread says so.
        let _ = self.orders.send(Order::Stop);
        if let Some(thread) = self.thread.take() {
            // A test that fails already has its own message.
            let _ = thread.join();
        }
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    pod: SocketAddr,
    mut order: watch::Receiver<Order>,
    ended: mpsc::Sender<Ended>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            stop = order.wait_for(|order| matches!(order, Order::Stop)) => {
                drop(stop);
                return;
            }
        };
        let (socket, _) = accepted.expect("a client");
        socket.set_nodelay(true).expect("an open socket");
        let acceptor = acceptor.clone();
        let mut order = order.clone();
        order.mark_unchanged();
        let ended = ended.clone();
        tokio::spawn(async move {
            let ended_so = serve(socket, &acceptor, pod, order).await;
            // A test may end before its connections.
            let _ = ended.send(ended_so);
        });
    }
}

async fn serve(
    socket: TcpStream,
    acceptor: &TlsAcceptor,
    pod: SocketAddr,
    order: watch::Receiver<Order>,
) -> Ended {
    let mut client = match acceptor.accept(socket).await {
        Ok(client) => client,
        Err(error) => return Ended { name: None, alpn: None, outcome: Err(error) },
    };
    let session = client.get_ref().1;
    let name = session.server_name().map(str::to_owned);
    let alpn = session.alpn_protocol().map(<[u8]>::to_vec);
    let outcome = pass_on(&mut client, pod, order).await;
    Ended { name, alpn, outcome }
}

async fn pass_on(
    client: &mut TlsStream<TcpStream>,
    pod: SocketAddr,
    mut order: watch::Receiver<Order>,
) -> io::Result<()> {
    let mut pod = TcpStream::connect(pod).await?;
    pod.set_nodelay(true)?;
    let passed = tokio::select! {
        passed = copy_bidirectional(client, &mut pod) => Some(passed),
        _ = order.changed() => None,
    };
    if let Some(passed) = passed {
        return passed.map(drop);
    }
    let order = *order.borrow();
    match order {
        Order::SayGoodbye => client.shutdown().await,
        Order::Disturb => client.get_mut().0.write_all(b"\r\nHTTP/1.1 400\r\n\r\n").await,
        Order::Serve | Order::Cut | Order::Stop => Ok(()),
    }
}
