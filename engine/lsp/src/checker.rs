//! Compiles texts beside the session, and tells the editor what was found.
//!
//! Of each text only the newest version is compiled, and only what was found in the newest version is told. The board is
//! locked while something is told, so that nothing about a text is told after it was closed.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use loopline_dsl::Library;
use loopline_dsl::assist::{Document, Finding};
use lsp_server::{Connection, Message, Notification};
use lsp_types::notification::{Notification as _, PublishDiagnostics};
use lsp_types::{PublishDiagnosticsParams, Uri};

use crate::answers::diagnostics::diagnostic;
use crate::client::Client;
use crate::pipeline_files::path_of;
use crate::serve::LibraryOf;
use crate::text::Text;

/// A handle on the thread that compiles. Dropped, it waits for the thread.
pub(crate) struct Checker {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    board: Mutex<Board>,
    changed: Condvar,
    connection: Arc<Connection>,
    client: Client,
    library_of: Arc<LibraryOf>,
}

#[derive(Default)]
struct Board {
    /// What is to be compiled. One version of each text at the most.
    waiting: BTreeMap<Uri, Job>,
    /// The newest version of each open text.
    newest: BTreeMap<Uri, i32>,
    /// What was found last.
    found: BTreeMap<Uri, (i32, Arc<Vec<Finding>>)>,
    /// What each text may name besides itself, as far as it has been read.
    libraries: BTreeMap<Uri, Arc<Library>>,
    /// How often what was read has been thrown away.
    generation: u64,
    over: bool,
}

struct Job {
    version: i32,
    text: Arc<Text>,
}

impl Checker {
    /// Starts the thread. Where the system has no room for one, nothing is compiled and requests are answered all the same.
    pub(crate) fn start(client: Client, connection: Arc<Connection>, library_of: Arc<LibraryOf>) -> Self {
        let board = Mutex::new(Board::default());
        let shared = Arc::new(Shared { board, changed: Condvar::new(), connection, client, library_of });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("checker".to_owned()).spawn(move || own.run()).ok();
        Self { shared, thread }
    }

    /// Has a version compiled; older ones of the same text are worthless now.
    pub(crate) fn check(&self, uri: &Uri, version: i32, text: &Arc<Text>) {
        let mut board = self.shared.board();
        board.newest.insert(uri.clone(), version);
        board.waiting.insert(uri.clone(), Job { version, text: Arc::clone(text) });
        drop(board);
        self.shared.changed.notify_one();
    }

    /// Tells nothing more about a text, and takes back what was told.
    pub(crate) fn forget(&self, uri: &Uri) {
        let mut board = self.shared.board();
        board.waiting.remove(uri);
        board.newest.remove(uri);
        board.found.remove(uri);
        board.libraries.remove(uri);
        self.shared.tell(uri, None, Vec::new());
    }

    /// Files have changed: what stands around texts is read anew when they are checked next.
    pub(crate) fn forget_libraries(&self) {
        let mut board = self.shared.board();
        board.libraries.clear();
        board.generation += 1;
    }

    /// What a text may name besides itself; nothing where that has not been read yet.
    pub(crate) fn library(&self, uri: &Uri) -> Arc<Library> {
        self.shared.board().libraries.get(uri).cloned().unwrap_or_default()
    }

    /// What was found in a version, if it has been compiled by now.
    pub(crate) fn found(&self, uri: &Uri, version: i32) -> Option<Arc<Vec<Finding>>> {
        let board = self.shared.board();
        board.found.get(uri).filter(|(of, _)| *of == version).map(|(_, findings)| Arc::clone(findings))
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        self.shared.board().over = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn board(&self) -> MutexGuard<'_, Board> {
        // Nothing is done under the lock that could leave the board half changed.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        while let Some((uri, job)) = self.next() {
            let findings = Document::new(job.text.compiled(), self.library(&uri)).findings().to_vec();
            let told = findings.iter().map(|finding| diagnostic(finding, &uri, &job.text, &self.client)).collect();
            let mut board = self.board();
            if board.newest.get(&uri) == Some(&job.version) {
                board.found.insert(uri.clone(), (job.version, Arc::new(findings)));
                self.tell(&uri, Some(job.version), told);
            }
        }
    }

    /// The next text to compile; waits for one. None at the end.
    fn next(&self) -> Option<(Uri, Job)> {
        let mut board = self.board();
        loop {
            if board.over {
                return None;
            }
            if let Some(next) = board.waiting.pop_first() {
                return Some(next);
            }
            board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What a text may name, read where files are kept unless it has been.
    fn library(&self, uri: &Uri) -> Arc<Library> {
        let board = self.board();
        if let Some(known) = board.libraries.get(uri) {
            return Arc::clone(known);
        }
        let generation = board.generation;
        drop(board);
        let read = Arc::new(path_of(uri).map(|path| (self.library_of)(&path)).unwrap_or_default());
        let mut board = self.board();
        // What was read while files changed is good for this time only; a text that was closed needs none.
        if board.generation == generation && board.newest.contains_key(uri) {
            board.libraries.insert(uri.clone(), Arc::clone(&read));
        }
        read
    }

    fn tell(&self, uri: &Uri, version: Option<i32>, diagnostics: Vec<lsp_types::Diagnostic>) {
        let params = PublishDiagnosticsParams { uri: uri.clone(), diagnostics, version };
        let message = Notification::new(PublishDiagnostics::METHOD.to_owned(), params);
        // An editor that is gone wants to know nothing.
        let _ = self.connection.sender.send(Message::Notification(message));
    }
}
