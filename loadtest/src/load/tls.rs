//! TLS with the server under load: whom clients trust, and one client's end of it.
//!
//! Knows no frame and no event loop. A session is buffered: what it costs the generator is copies,
//! which the server under load does not pay.

use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mio::net::TcpStream;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Error, RootCertStore, StreamOwned};

use crate::failure::Failure;

/// Whom the clients trust, and what they call the server.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    cacert: PathBuf,
}

impl Tls {
    /// Clients of `host` that trust the authorities of a PEM file and no others. Each is a new one
    /// to the server: no session is taken up again, so that all handshakes are whole.
    ///
    /// # Errors
    /// If the file holds no authority, or the host is no name for a certificate.
    pub(crate) fn trusting(cacert: &Path, host: &str) -> Result<Self, Failure> {
        let trouble = || format!("--cacert {}", cacert.display());
        let certificates = CertificateDer::pem_file_iter(cacert);
        let mut roots = RootCertStore::empty();
        for certificate in certificates.map_err(Failure::while_doing(trouble()))? {
            let certificate = certificate.map_err(Failure::while_doing(trouble()))?;
            roots.add(certificate).map_err(Failure::while_doing(trouble()))?;
        }
        if roots.is_empty() {
            return Err(Failure::new(format!("{}: no certificate in PEM is there", trouble())));
        }
        let name = ServerName::try_from(host.to_owned())
            .map_err(Failure::while_doing(format!("the host {host}")))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(Failure::while_doing("TLS"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), name, cacert: cacert.to_owned() })
    }

    /// The file that was given.
    pub(crate) fn cacert(&self) -> &Path {
        &self.cacert
    }

    /// A client's end of TLS on a socket of the swarm; nothing is said yet.
    ///
    /// # Errors
    /// If the system gives it no random bytes.
    pub(crate) fn on(&self, socket: TcpStream) -> io::Result<TlsStream> {
        let session = self.session().map_err(io::Error::other)?;
        Ok(TlsStream { socket, session, failure: None, is_drained: false })
    }

    /// The same on a socket that blocks.
    ///
    /// # Errors
    /// As [`Tls::on`].
    pub(crate) fn on_blocking<S: Read + Write>(
        &self,
        socket: S,
    ) -> io::Result<StreamOwned<ClientConnection, S>> {
        Ok(StreamOwned::new(self.session().map_err(io::Error::other)?, socket))
    }

    fn session(&self) -> Result<ClientConnection, Error> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
    }
}

/// One client's end, on a socket that does not block.
#[derive(Debug)]
pub(crate) struct TlsStream {
    socket: TcpStream,
    session: ClientConnection,
    /// What ended it, where that was no end of the socket's.
    failure: Option<Error>,
    /// Whether all is read that the socket had; what comes then brings an event.
    is_drained: bool,
}

impl TlsStream {
    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Whether there may be more to read than the socket will tell of.
    pub(crate) fn holds_more(&self) -> bool {
        !self.is_drained
    }

    /// Takes in records of the socket, and answers those that want an answer.
    fn take_in(&mut self) -> io::Result<()> {
        if let Some(failure) = &self.failure {
            return Err(in_words(failure));
        }
        // The end of the stream is noted, and told by the reader behind all that came before.
        self.session.read_tls(&mut self.socket)?;
        let taken = self.session.process_new_packets();
        // What cannot be said shows at the next read, with its reason.
        let _ = self.flush();
        taken.map(drop).map_err(|error| in_words(self.failure.insert(error)))
    }
}

impl Read for TlsStream {
    /// Reads until the buffer is full or the socket has no more. The end is told as such only where
    /// the server said goodbye; else it is [`ErrorKind::UnexpectedEof`].
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        self.is_drained = false;
        loop {
            match self.session.reader().read(&mut buffer[filled..]) {
                Ok(0) => return Ok(filled),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) if filled > 0 => return Ok(filled),
                Err(error) => return Err(error),
            }
            if filled == buffer.len() {
                return Ok(filled);
            }
            match self.take_in() {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.is_drained = error.kind() == ErrorKind::WouldBlock;
                    return if filled > 0 { Ok(filled) } else { Err(error) };
                }
            }
        }
    }
}

impl Write for TlsStream {
    /// Takes bytes only once the socket has all that it was given before, the handshake apart.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        if self.session.wants_write() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = self.session.writer().write(bytes)?;
        self.flush()?;
        Ok(count)
    }

    /// Gives the socket what it takes; the rest has its turn when the socket is ready again.
    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut self.socket) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn in_words(failure: &Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("TLS: {failure}"))
}
