//! Listening, and stopping without cutting anybody off.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{Parts, ServerConfig, router};

/// How long open requests may go on after the server was asked to stop. Streams are ended by then; clients come back.
const DRAIN: Duration = Duration::from_secs(2);

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Without tokens, whoever reaches the port may do everything.
    #[error(
        "{0} is not a loopback address, and this version has no tokens: whoever reaches it could run commands here"
    )]
    NotLoopback(SocketAddr),
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
}

/// A socket that listens, before anything is answered on it.
pub struct Listening {
    listener: TcpListener,
    /// Where it listens; the port is the real one.
    pub address: SocketAddr,
}

/// Takes the address. Refuses one that others could reach.
pub async fn listen(address: SocketAddr) -> Result<Listening, ServeError> {
    if !address.ip().is_loopback() {
        return Err(ServeError::NotLoopback(address));
    }
    let failed = |source| ServeError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Listening { listener, address })
}

/// Answers until it is told to stop; returns when the last request has ended, or shortly after.
pub async fn serve(listening: Listening, parts: Parts, config: ServerConfig, stop: CancellationToken) {
    let service = router(parts, config);
    let asked = stop.clone();
    let server =
        axum::serve(listening.listener, service).with_graceful_shutdown(async move { asked.cancelled().await });
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        result = server => if let Err(error) = result { tracing::error!(%error, "the server ended") },
        () = late => {}
    }
}
