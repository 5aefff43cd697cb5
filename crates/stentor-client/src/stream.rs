//! The bytes to a server and back: TCP, and TLS on it where the address says so.
//!
//! Knows no HTTP and no frame.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(feature = "tls")]
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::address::Address;
use crate::socket::ConnectError;
#[cfg(feature = "tls")]
use crate::tls_fault::TlsFault;
use crate::trust::Trust;

/// A stream to a server, with TLS or without. What is written goes out by itself without TLS, and
/// with [`poll_flush`](AsyncWrite::poll_flush) at the latest with it.
#[derive(Debug)]
pub struct Stream(Kind);

#[derive(Debug)]
enum Kind {
    Plain(TcpStream),
    /// In a box, because it is many times as large.
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Connects to an address's host and port, and trusts whom `trust` says. It has no deadline of
    /// its own.
    ///
    /// # Errors
    /// Nobody is there, or there is no TLS with whoever is.
    ///
    /// # Cancel safety
    /// Safe: what was begun is given up.
    pub async fn connect(address: &Address, trust: &Trust) -> Result<Stream, ConnectError> {
        let stream = TcpStream::connect((address.host(), address.port())).await?;
        stream.set_nodelay(true)?;
        secure(stream, address, trust).await.map(Stream)
    }

    /// Says that nothing more will be written, where the stream can say so without ending: so the
    /// peer knows that nothing was cut off. It goes out with what is written or flushed next.
    pub(crate) fn queue_goodbye(&mut self) {
        match &mut self.0 {
            Kind::Plain(_) => {}
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => stream.get_mut().1.send_close_notify(),
        }
    }
}

#[cfg(feature = "tls")]
async fn secure(stream: TcpStream, address: &Address, trust: &Trust) -> Result<Kind, ConnectError> {
    let Some(name) = address.server_name() else { return Ok(Kind::Plain(stream)) };
    let config = trust.config().ok_or(ConnectError::Tls(TlsFault::NoAuthorities))?;
    let stream = TlsConnector::from(config).connect(name.clone(), stream).await?;
    Ok(Kind::Tls(Box::new(stream)))
}

#[cfg(not(feature = "tls"))]
async fn secure(
    stream: TcpStream,
    _address: &Address,
    _trust: &Trust,
) -> Result<Kind, ConnectError> {
    Ok(Kind::Plain(stream))
}

impl AsyncRead for Stream {
    /// The end of the stream is told as such only where the peer said it, if TLS is spoken: without
    /// that it is [`io::ErrorKind::UnexpectedEof`], because anybody between can cut a connection.
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_flush(cx),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => Pin::new(&mut **stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().0 {
            Kind::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            #[cfg(feature = "tls")]
            Kind::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
        }
    }
}
