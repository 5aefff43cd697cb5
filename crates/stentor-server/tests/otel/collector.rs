//! A collector: takes OTLP over HTTP, with or without TLS, or fails in a way that a test chooses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use stentor_testbed::Certificates;

use crate::pod::wait_until;
use crate::span::{Attributes, Span, spans};

/// What a request is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answering {
    /// With this status.
    Status(u16),
    /// With nothing at all, for as long as the peer waits.
    Never,
}

/// It lives as long as the process of the tests.
pub(crate) struct Collector {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    answering: Mutex<Answering>,
    requests: Mutex<Vec<Request>>,
    tls: Option<Arc<ServerConfig>>,
}

/// What came in one request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Whether it was told to be taken.
    pub(crate) was_taken: bool,
}

impl Collector {
    pub(crate) fn start(answering: Answering) -> Collector {
        Collector::start_with(answering, None)
    }

    /// One that speaks TLS with this certificate.
    pub(crate) fn start_with_tls(certificates: &Certificates) -> Collector {
        let chain = CertificateDer::pem_file_iter(certificates.server())
            .expect("a certificate")
            .collect::<Result<Vec<_>, _>>()
            .expect("a certificate");
        let key = PrivateKeyDer::from_pem_file(certificates.server_key()).expect("its key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate and its key");
        Collector::start_with(Answering::Status(200), Some(Arc::new(config)))
    }

    fn start_with(answering: Answering, tls: Option<Arc<ServerConfig>>) -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let answering = Mutex::new(answering);
        let shared = Arc::new(Shared { answering, requests: Mutex::default(), tls });
        let of_threads = Arc::clone(&shared);
        std::thread::spawn(move || {
            for socket in listener.incoming() {
                let (socket, shared) = (socket.expect("a socket"), Arc::clone(&of_threads));
                std::thread::spawn(move || shared.serve(socket));
            }
        });
        Collector { address, shared }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is to say.
    pub(crate) fn endpoint(&self) -> String {
        match self.shared.tls {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    /// Answers otherwise from now on.
    pub(crate) fn answer(&self, answering: Answering) {
        *self.shared.answering.lock().expect("no panic") = answering;
    }

    /// All that came.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("no panic").clone()
    }

    /// The spans that it took, each with what is known of its sender.
    pub(crate) fn taken(&self) -> Vec<(Attributes, Span)> {
        let taken = self.requests().into_iter().filter(|request| request.was_taken);
        taken.flat_map(|request| spans(&request.body)).collect()
    }

    /// Waits until it has taken so many spans of this trace, and gives them by their names; those of
    /// one name in the order in which they began.
    pub(crate) fn wait_for(&self, trace: &str, count: usize) -> Vec<Span> {
        self.wait_for_all(trace, |spans| spans.len() >= count)
    }

    /// As [`Collector::wait_for`], until those of the trace are all that there are.
    pub(crate) fn wait_for_all(&self, trace: &str, are_all: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let mut found = Vec::new();
        wait_until("the spans of a trace", || {
            found = self.taken().into_iter().map(|(_, span)| span).collect();
            found.retain(|span| span.trace == trace);
            are_all(&found)
        });
        found.sort_by(|one, other| (&one.name, one.began).cmp(&(&other.name, other.began)));
        found
    }

    /// Waits until so many spans have come to it, whether it took them or not.
    pub(crate) fn wait_for_spans(&self, count: usize) {
        wait_until("spans", || {
            let requests = self.requests();
            requests.iter().map(|request| spans(&request.body).len()).sum::<usize>() >= count
        });
    }

    /// Waits until it was asked so many times.
    pub(crate) fn wait_for_requests(&self, count: usize) {
        wait_until("a request to the collector", || self.requests().len() >= count);
    }
}

impl Shared {
    fn serve(&self, socket: TcpStream) {
        match &self.tls {
            None => self.exchange(socket),
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config)).expect("a connection");
                self.exchange(StreamOwned::new(connection, socket));
            }
        }
    }

    /// Who breaks off is of no interest.
    fn exchange(&self, socket: impl Read + Write) {
        let mut socket = BufReader::new(socket);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if !socket.read_line(&mut head).is_ok_and(|bytes| bytes > 0) {
                return;
            }
        }
        let lower = head.to_ascii_lowercase();
        let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length = length.expect("a length").trim().parse().expect("a number");
        let mut body = vec![0; length];
        if socket.read_exact(&mut body).is_err() {
            return;
        }
        let answering = *self.answering.lock().expect("no panic");
        let was_taken = answering == Answering::Status(200);
        self.requests.lock().expect("no panic").push(Request { head, body, was_taken });
        match answering {
            Answering::Status(status) => {
                let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
                let _ = socket.get_mut().write_all(answer.as_bytes());
                let _ = socket.get_mut().flush();
            }
            Answering::Never => {
                let _ = socket.read(&mut [0]);
            }
        }
    }
}
