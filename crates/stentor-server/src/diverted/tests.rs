use std::io::Write;
use std::net::{TcpListener, TcpStream};

use super::*;

#[test]
fn a_peer_that_is_refused_in_the_midst_of_its_body_reads_the_whole_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut peer_side = TcpStream::connect(address).expect("a connection");
    let (socket, peer) = listener.accept().expect("a connection");
    socket.set_nonblocking(true).expect("a socket");
    // On the loopback what is written has arrived.
    peer_side.write_all(&[b'x'; 32 * 1024]).expect("room in the buffers");
    let diverted = Diverted { stream: socket.into(), peer, received: Vec::new() };
    diverted.refuse(&Problem::too_many_requests());
    let mut answer = String::new();
    peer_side.read_to_string(&mut answer).expect("an end in order");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("overloaded"), "{answer}");
}
