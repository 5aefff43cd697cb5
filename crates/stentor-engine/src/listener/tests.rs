use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::*;

/// For so long a test waits for what does not come.
const IN_VAIN: Duration = Duration::from_millis(200);

fn any_port() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

#[test]
#[cfg(target_os = "linux")]
fn a_deafened_listener_keeps_who_has_come_and_takes_nobody_new() {
    let listener = mio::net::TcpListener::from_std(listen(any_port()).expect("a port"));
    let address = listener.local_addr().expect("an address");
    let mut early = TcpStream::connect(address).expect("a listener");

    deafen(&listener).expect("a kernel with filters");

    let late = TcpStream::connect_timeout(&address, IN_VAIN);
    assert_eq!(late.expect_err("nobody answers").kind(), ErrorKind::TimedOut);
    let (mut accepted, _) = listener.accept().expect("who has come");
    assert_eq!(listener.accept().expect_err("nobody else").kind(), ErrorKind::WouldBlock);
    accepted.write_all(b"hi").expect("a peer");
    let mut heard = [0; 2];
    early.read_exact(&mut heard).expect("a server");
    assert_eq!(&heard, b"hi");
}

#[test]
#[cfg(target_os = "linux")]
fn who_knocks_at_a_deafened_listener_reaches_another_once_it_is_closed() {
    let listener = mio::net::TcpListener::from_std(listen(any_port()).expect("a port"));
    let address = listener.local_addr().expect("an address");
    deafen(&listener).expect("a kernel with filters");
    let knocking = std::thread::spawn(move || TcpStream::connect(address));
    let other = listen(address).expect("a port that is shared");
    drop(listener);
    knocking.join().expect("no panic").expect("the other takes it");
    assert!(other.accept().is_ok());
}

#[test]
fn a_port_that_somebody_listens_on_is_found_and_may_be_shared() {
    let one = listen(any_port()).expect("a port");
    let address = one.local_addr().expect("an address");
    assert_eq!(probe(address).expect_err("taken").kind(), ErrorKind::AddrInUse);
    listen(address).expect("shared all the same");
    drop(one);
    probe(address).expect("free again");
}
