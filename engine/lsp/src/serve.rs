//! From the first message to the last.

use std::path::Path;
use std::sync::Arc;

use loopline_dsl::Library;
use lsp_server::Connection;

use crate::handshake::handshake;
use crate::inbox::Inbox;
use crate::session::{Next, Session};

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The editor asked it to shut down, then to exit.
    Orderly,
    /// The editor went away, or asked it to exit without a shutdown.
    Abruptly,
}

/// Why a server could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// What the editor said about itself is not what the protocol has.
    #[error("the editor's first request cannot be read: {0}")]
    Initialize(#[from] serde_json::Error),
    /// Standard input or output failed.
    #[error("the connection to the editor failed: {0}")]
    Connection(#[from] std::io::Error),
}

/// What a file may name besides itself, found where files are kept. It is asked when a file is opened, and again when files
/// were saved or changed; never while somebody waits for an answer.
pub type LibraryOf = dyn Fn(&Path) -> Library + Send + Sync;

/// Serves one editor until it goes away. Blocks.
pub fn serve(connection: Connection, library_of: Arc<LibraryOf>) -> Result<Ended, ServeError> {
    let connection = Arc::new(connection);
    let mut inbox = Inbox::new(Arc::clone(&connection));
    let Some(client) = handshake(&mut inbox, &connection)? else { return Ok(Ended::Abruptly) };
    let mut session = Session::new(client, connection, library_of);
    while let Some(message) = inbox.next() {
        match session.take(message, &inbox) {
            Next::GoOn => {}
            Next::End(ended) => return Ok(ended),
        }
        // What was typed since makes an older text worthless, so the compiler waits until all of it has been read.
        if inbox.is_idle() {
            session.check_what_changed();
        }
    }
    Ok(Ended::Abruptly)
}

/// Serves one editor over standard input and output. Blocks.
pub fn serve_stdio(library_of: Arc<LibraryOf>) -> Result<Ended, ServeError> {
    let (connection, threads) = Connection::stdio();
    let ended = serve(connection, library_of)?;
    threads.join()?;
    Ok(ended)
}
