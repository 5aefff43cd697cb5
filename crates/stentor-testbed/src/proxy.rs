//! A faulty network: a TCP proxy before a server, for faults that no signal can make.

mod relay;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc as blocking;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::port::Port;
use crate::wait::{DEADLINE, until};
use relay::{Condition, Order, Relay};

/// A proxy on a thread of its own. Every switch has taken effect when its call returns; dropping
/// it cuts everything.
///
/// At most 1,024 connections at a time; what comes beyond is closed at once.
#[derive(Debug)]
pub struct Proxy {
    orders: mpsc::UnboundedSender<(Order, blocking::SyncSender<()>)>,
    open: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
    port: Port,
}

impl Proxy {
    /// Forwards connections on a port of its own to a server, which need not be there yet.
    ///
    /// # Panics
    /// Where the system gives no thread or no socket.
    #[must_use]
    pub fn start(upstream: SocketAddr) -> Self {
        let port = Port::lease();
        let open = Arc::new(AtomicUsize::new(0));
        // Bounded by its users: each order is waited for.
        let (orders, inbox) = mpsc::unbounded_channel();
        let relay = Relay::new(port.address(), upstream, Arc::clone(&open));
        let thread = thread::Builder::new()
            .name("proxy".to_owned())
            .spawn(move || relay.run(inbox))
            .expect("a thread for the proxy");
        let proxy = Self { orders, open, thread: Some(thread), port };
        proxy.forward();
        proxy
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// New connections are forwarded without delay, and those that are open too. One that went
    /// deaf stays so: bytes of it are lost, as in a half-open connection.
    pub fn forward(&self) {
        self.order(Order::Condition(Condition::Forward(Duration::ZERO)));
    }

    /// As [`Proxy::forward`], but each piece of up to 16 KiB is held for this time in each
    /// direction, one after another.
    pub fn delay(&self, by: Duration) {
        self.order(Order::Condition(Condition::Forward(by)));
    }

    /// All connections go deaf, and new ones are accepted deaf: bytes are swallowed, nothing is
    /// answered, nothing is closed, not even what a side closes.
    pub fn go_deaf(&self) {
        self.order(Order::Condition(Condition::Deaf));
    }

    /// New connections are refused by the kernel; those that are open stay.
    pub fn refuse(&self) {
        self.order(Order::Condition(Condition::Refuse));
    }

    /// Closes all connections that are open, in both directions; new ones are as before.
    pub fn cut(&self) {
        self.order(Order::Cut);
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Waits until so many connections are open.
    ///
    /// # Panics
    /// Where it is another number for [`DEADLINE`].
    pub fn wait_for_connections(&self, count: usize) {
        until(DEADLINE, &format!("{count} connections through the proxy"), || {
            (self.connections() == count).then_some(())
        });
    }

    fn order(&self, order: Order) {
        let (done, wait) = blocking::sync_channel(1);
        self.orders.send((order, done)).expect("the proxy's thread runs");
        wait.recv().expect("the proxy's thread runs");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A closed channel ends the thread.
        self.orders = mpsc::unbounded_channel().0;
        if let Some(thread) = self.thread.take() {
            let result = thread.join();
            assert!(result.is_ok() || thread::panicking(), "the proxy's thread panicked");
        }
    }
}
