//! A faulty network, over a server that sends back what it gets.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use stentor_testbed::{DEADLINE, Port, Proxy};

/// A proxy before a server that echoes; its thread ends with the last connection that it takes.
fn echo(connections: usize) -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().take(connections) {
            let mut stream = stream.expect("a client");
            thread::spawn(move || {
                let mut writer = stream.try_clone().expect("a second handle");
                let _ = std::io::copy(&mut stream, &mut writer);
            });
        }
    });
    Proxy::start(address)
}

fn client(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).expect("a connection");
    stream.set_read_timeout(Some(DEADLINE)).expect("a time-out that is not zero");
    stream
}

fn say(stream: &mut TcpStream, text: &str) -> std::io::Result<String> {
    stream.write_all(text.as_bytes())?;
    let mut bytes = vec![0; text.len()];
    stream.read_exact(&mut bytes)?;
    Ok(String::from_utf8(bytes).expect("what was said"))
}

#[test]
fn bytes_pass_both_ways_and_the_end_is_passed_on() {
    let proxy = echo(1);
    let mut stream = client(&proxy);
    assert_eq!(say(&mut stream, "hello").expect("an echo"), "hello");
    assert_eq!(proxy.connections(), 1);
    stream.shutdown(std::net::Shutdown::Write).expect("an open stream");
    assert_eq!(stream.read(&mut [0]).expect("the end"), 0);
    proxy.wait_for_connections(0);
}

#[test]
fn a_cut_closes_what_is_open_and_not_what_comes() {
    let proxy = echo(2);
    let mut first = client(&proxy);
    assert_eq!(say(&mut first, "one").expect("an echo"), "one");
    proxy.cut();
    assert_eq!(proxy.connections(), 0);
    assert!(say(&mut first, "two").is_err());
    assert_eq!(say(&mut client(&proxy), "three").expect("an echo"), "three");
}

#[test]
fn who_comes_is_refused_and_who_is_there_stays() {
    let proxy = echo(2);
    let mut first = client(&proxy);
    assert_eq!(say(&mut first, "one").expect("an echo"), "one");
    proxy.refuse();
    let refused = TcpStream::connect(proxy.address()).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(say(&mut first, "two").expect("an echo"), "two");
    proxy.forward();
    assert_eq!(say(&mut client(&proxy), "three").expect("an echo"), "three");
}

#[test]
fn a_deaf_connection_swallows_everything_and_stays_open() {
    let proxy = echo(2);
    let mut first = client(&proxy);
    assert_eq!(say(&mut first, "one").expect("an echo"), "one");
    proxy.go_deaf();
    let mut second = client(&proxy);
    proxy.wait_for_connections(2);
    for stream in [&mut first, &mut second] {
        stream.set_read_timeout(Some(Duration::from_millis(50))).expect("not zero");
        let silence = say(stream, "anybody?").expect_err("silence");
        assert!(matches!(silence.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    }
    drop(second);
    // What was deaf stays deaf, who comes later is heard.
    proxy.forward();
    assert!(say(&mut first, "again").is_err());
    assert_eq!(say(&mut client(&proxy), "three").expect("an echo"), "three");
    // The end of the second, which it said while it was deaf, has reached nobody.
    assert!(proxy.connections() >= 2);
    proxy.cut();
    assert_eq!(proxy.connections(), 0);
}

#[test]
fn a_delay_holds_what_is_said() {
    let proxy = echo(2);
    let mut stream = client(&proxy);
    proxy.delay(Duration::from_secs(3600));
    stream.set_read_timeout(Some(Duration::from_millis(50))).expect("not zero");
    assert!(say(&mut stream, "late").is_err());
    proxy.cut();
    proxy.forward();
    assert_eq!(say(&mut client(&proxy), "in time").expect("an echo"), "in time");
}

#[test]
fn a_short_delay_loses_nothing() {
    let proxy = echo(1);
    proxy.delay(Duration::from_millis(2));
    let mut stream = client(&proxy);
    for text in ["one", "two", "three"] {
        assert_eq!(say(&mut stream, text).expect("an echo"), text);
    }
}

#[test]
fn a_server_that_is_not_there_is_a_closed_connection() {
    let nobody = Port::lease();
    let proxy = Proxy::start(nobody.address());
    let mut stream = client(&proxy);
    assert!(say(&mut stream, "hello").is_err());
    proxy.wait_for_connections(0);
}
