//! Listening, and stopping without cutting anybody off.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::app::{Parts, ServerConfig, router};

/// How long open requests may go on after the server was asked to stop. Streams are ended by then; clients come back.
const DRAIN: Duration = Duration::from_secs(2);
/// Whoever takes longer to agree on a cipher is not waited for.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections that agree on one at once.
const HANDSHAKES: usize = 256;

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// A file of TLS cannot be used.
    #[error("{}: {what}", path.display())]
    Tls {
        /// Which.
        path: PathBuf,
        /// Why not.
        what: String,
    },
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// The certificate of a server, and its key.
pub struct Tls(TlsAcceptor);

impl Tls {
    /// Of two files in PEM: certificates, the server's own first, and the key of that.
    pub fn of(certificates: &Path, key: &Path) -> Result<Self, ServeError> {
        let wrong = |path: &Path, what: String| ServeError::Tls { path: path.to_owned(), what };
        let chain = CertificateDer::pem_file_iter(certificates)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| wrong(certificates, format!("it holds no certificates: {error}")))?;
        let secret =
            PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, format!("it holds no key: {error}")))?;
        let mut config = rustls::ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map_err(|error| wrong(certificates, error.to_string()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }
}

/// A socket that listens, before anything is answered on it.
pub struct Listening {
    listener: TcpListener,
    /// Where it listens; the port is the real one.
    pub address: SocketAddr,
}

/// Takes the address. Whether others may reach it is for the caller to know.
pub async fn listen(address: SocketAddr) -> Result<Listening, ServeError> {
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Listening { listener, address })
}

/// Connections that have agreed on a cipher.
struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// One that is slow to agree keeps no other from being taken.
    fn over(mut listener: TcpListener, tls: Tls, address: SocketAddr) -> Self {
        let (done, ready) = mpsc::channel(HANDSHAKES);
        let room = Arc::new(Semaphore::new(HANDSHAKES));
        tokio::spawn(async move {
            loop {
                let Ok(permit) = room.clone().acquire_owned().await else { return };
                let (stream, peer) = tokio::select! {
                    accepted = Listener::accept(&mut listener) => accepted,
                    () = done.closed() => return,
                };
                let (done, acceptor) = (done.clone(), tls.0.clone());
                tokio::spawn(async move {
                    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                        // Nobody takes it when the server ends.
                        Ok(Ok(stream)) => drop(done.send((stream, peer)).await),
                        Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS"),
                        Err(_) => tracing::debug!(%peer, "no TLS in time"),
                    }
                    drop(permit);
                });
            }
        });
        Self { ready, address }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// Answers until it is told to stop; returns when the last request has ended, or shortly after.
pub async fn serve(
    listening: Listening,
    tls: Option<Tls>,
    parts: Parts,
    config: ServerConfig,
    stop: CancellationToken,
) {
    let service = router(parts, config).into_make_service_with_connect_info::<Peer>();
    let asked = stop.clone();
    let asked = async move { asked.cancelled().await };
    let Listening { listener, address } = listening;
    let server = async {
        match tls {
            None => axum::serve(listener, service).with_graceful_shutdown(asked).await,
            Some(tls) => {
                let listener = TlsListener::over(listener, tls, address);
                axum::serve(listener, service).with_graceful_shutdown(asked).await
            }
        }
    };
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        result = server => if let Err(error) = result { tracing::error!(%error, "the server ended") },
        () = late => {}
    }
}
