//! What the proxy's thread does: accept, pass bytes on, obey.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc as blocking;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How many connections are open at a time.
const CONNECTIONS_MAX: usize = 1024;

/// How much is read at a time.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// How the network is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Condition {
    /// Bytes pass, each piece after this time.
    Forward(Duration),
    /// Bytes are swallowed.
    Deaf,
    /// Nobody listens; what is open works.
    Refuse,
}

/// What the owner wants.
#[derive(Debug)]
pub(super) enum Order {
    Condition(Condition),
    /// Close what is open.
    Cut,
}

/// What open connections must know.
#[derive(Clone, Copy, Debug)]
struct Weather {
    delay: Duration,
    is_deaf: bool,
    /// How often it has gone deaf: who was open then stays deaf, even if it did not look.
    deaf_count: u64,
}

/// The proxy's state; it lives on its thread.
#[derive(Debug)]
pub(super) struct Relay {
    address: SocketAddr,
    upstream: SocketAddr,
    open: Arc<AtomicUsize>,
    weather: watch::Sender<Weather>,
    connections: JoinSet<()>,
    listener: Option<TcpListener>,
}

impl Relay {
    pub(super) fn new(address: SocketAddr, upstream: SocketAddr, open: Arc<AtomicUsize>) -> Self {
        let calm = Weather { delay: Duration::ZERO, is_deaf: false, deaf_count: 0 };
        Self {
            address,
            upstream,
            open,
            weather: watch::Sender::new(calm),
            connections: JoinSet::new(),
            listener: None,
        }
    }

    /// Runs until the owner is gone.
    pub(super) fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<(Order, blocking::SyncSender<()>)>,
    ) {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime for the proxy").block_on(async {
            loop {
                tokio::select! {
                    order = orders.recv() => {
                        let Some((order, done)) = order else { return };
                        self.obey(order).await;
                        // An owner that does not wait has panicked.
                        let _ = done.send(());
                    }
                    stream = accept(self.listener.as_ref()) => self.take(stream),
                    Some(_) = self.connections.join_next() => {}
                }
            }
        });
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Cut => self.connections.shutdown().await,
            Order::Condition(Condition::Refuse) => self.listener = None,
            Order::Condition(Condition::Deaf) => {
                self.weather.send_modify(|weather| {
                    weather.is_deaf = true;
                    weather.deaf_count += 1;
                });
                self.listen().await;
            }
            Order::Condition(Condition::Forward(delay)) => {
                self.weather.send_modify(|weather| {
                    weather.is_deaf = false;
                    weather.delay = delay;
                });
                self.listen().await;
            }
        }
    }

    async fn listen(&mut self) {
        if self.listener.is_none() {
            let listener = TcpListener::bind(self.address).await;
            self.listener = Some(listener.expect("a leased port can be listened on"));
        }
    }

    fn take(&mut self, stream: TcpStream) {
        if self.connections.len() >= CONNECTIONS_MAX {
            return;
        }
        let count = Counted::new(&self.open);
        let weather = self.weather.subscribe();
        let upstream = self.upstream;
        self.connections.spawn(async move {
            let _count = count;
            // A connection that breaks is what this proxy is for: both sides are closed.
            let _ = carry(stream, upstream, weather).await;
        });
    }
}

/// The next client; never where nobody listens.
async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else { return pending().await };
    loop {
        // A client that is gone before it was accepted is none.
        if let Ok((stream, _)) = listener.accept().await {
            return stream;
        }
    }
}

/// Joins a client with the server until both directions have ended or one is broken.
async fn carry(
    client: TcpStream,
    upstream: SocketAddr,
    weather: watch::Receiver<Weather>,
) -> io::Result<()> {
    let begin = *weather.borrow();
    if begin.is_deaf {
        return swallow(client.into_split()).await;
    }
    let server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let is_deaf = |weather: &Weather| weather.deaf_count > begin.deaf_count;
    tokio::try_join!(
        pass(from_client, to_server, weather.clone(), is_deaf),
        pass(from_server, to_client, weather, is_deaf),
    )?;
    Ok(())
}

/// Passes bytes one way until the end, which is passed on too.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    weather: watch::Receiver<Weather>,
    is_deaf: impl Fn(&Weather) -> bool,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES_MAX];
    loop {
        let length = from.read(&mut piece).await;
        let seen = *weather.borrow();
        if is_deaf(&seen) {
            return swallow((from, to)).await;
        }
        let length = length?;
        if length == 0 {
            return to.shutdown().await;
        }
        if !seen.delay.is_zero() {
            sleep(seen.delay).await;
        }
        if is_deaf(&weather.borrow()) {
            return swallow((from, to)).await;
        }
        to.write_all(&piece[..length]).await?;
    }
}

/// Reads and forgets; neither an end nor a reset is passed on, and what is written to stays open.
async fn swallow((mut from, _to): (OwnedReadHalf, OwnedWriteHalf)) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES_MAX];
    while matches!(from.read(&mut piece).await, Ok(1..)) {}
    pending().await
}

/// One of the connections that are open.
#[derive(Debug)]
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
