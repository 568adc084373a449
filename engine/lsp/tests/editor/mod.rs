//! An editor for tests: it sends, and waits for what comes back.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use loopline_dsl::Library;
use loopline_lsp::{Ended, LibraryOf, serve};
use lsp_server::{Connection, Message, Notification, Request, RequestId, Response};
use serde_json::{Value as Json, json};

/// Longer than anything takes; a test that waits this long has failed.
const LONGEST: Duration = Duration::from_secs(60);

pub const FILE: &str = "file:///x/release.loopline.yaml";

pub struct Editor {
    connection: Option<Connection>,
    server: Option<JoinHandle<Ended>>,
    last_id: i32,
    /// What came while something else was waited for.
    notifications: VecDeque<Notification>,
}

impl Editor {
    /// Starts a server that finds these messages waiting.
    pub fn with_messages(messages: Vec<Message>) -> Self {
        Self::among(messages, Arc::new(|_| Library::default()))
    }

    /// Starts a server for files that stand among others.
    pub fn among(messages: Vec<Message>, library_of: Arc<LibraryOf>) -> Self {
        let (editor, server) = Connection::memory();
        for message in messages {
            editor.sender.send(message).unwrap();
        }
        let server = std::thread::spawn(|| serve(server, library_of).unwrap());
        Self { connection: Some(editor), server: Some(server), last_id: 100, notifications: VecDeque::new() }
    }

    /// Starts a server and introduces itself with these capabilities.
    pub fn with_capabilities(capabilities: Json) -> (Self, Json) {
        let mut editor = Self::with_messages(Vec::new());
        let answer = editor.ask("initialize", json!({"capabilities": capabilities})).unwrap();
        editor.tell("initialized", json!({}));
        (editor, answer)
    }

    /// What editors of today can do.
    pub fn new() -> Self {
        Self::with_capabilities(json!({
            "general": {"positionEncodings": ["utf-16"]},
            "workspace": {"workspaceEdit": {"documentChanges": true}},
            "textDocument": {
                "publishDiagnostics": {"relatedInformation": true},
                "hover": {"contentFormat": ["markdown", "plaintext"]},
                "documentSymbol": {"hierarchicalDocumentSymbolSupport": true},
                "completion": {"completionItem": {"insertTextModeSupport": {"valueSet": [1, 2]}}},
                "rename": {"prepareSupport": true},
            },
        }))
        .0
    }

    pub fn tell(&self, method: &str, params: Json) {
        let message = Notification { method: method.to_owned(), params };
        self.connection.as_ref().unwrap().sender.send(message.into()).unwrap();
    }

    /// The answer; an error is its code and its sentence.
    pub fn ask(&mut self, method: &str, params: Json) -> Result<Json, (i32, String)> {
        self.last_id += 1;
        let id = RequestId::from(self.last_id);
        let request = Request { id: id.clone(), method: method.to_owned(), params };
        self.connection.as_ref().unwrap().sender.send(request.into()).unwrap();
        self.answer_to(&id)
    }

    pub fn answer_to(&mut self, wanted: &RequestId) -> Result<Json, (i32, String)> {
        loop {
            match self.receive() {
                Message::Response(Response { id, response_result }) if id == *wanted => {
                    return response_result.map_err(|error| (error.code, error.message));
                }
                Message::Notification(notification) => self.notifications.push_back(notification),
                other => panic!("{other:?} while an answer was waited for"),
            }
        }
    }

    /// What the server asks next.
    pub fn asked(&mut self) -> String {
        match self.receive() {
            Message::Request(request) => request.method,
            other => panic!("{other:?} instead of a request"),
        }
    }

    fn receive(&self) -> Message {
        self.connection.as_ref().unwrap().receiver.recv_timeout(LONGEST).expect("the server says something")
    }

    /// The next diagnostics that are published: version and diagnostics.
    pub fn diagnostics(&mut self) -> (Json, Vec<Json>) {
        let notification = match self.notifications.pop_front() {
            Some(notification) => notification,
            None => match self.receive() {
                Message::Notification(notification) => notification,
                other => panic!("{other:?} instead of diagnostics"),
            },
        };
        assert_eq!(notification.method, "textDocument/publishDiagnostics");
        assert_eq!(notification.params["uri"], FILE);
        let diagnostics = notification.params["diagnostics"].as_array().unwrap().clone();
        (notification.params["version"].clone(), diagnostics)
    }

    pub fn open(&self, text: &str) {
        self.tell("textDocument/didOpen", json!({"textDocument": item(FILE, 1, text)}));
    }

    /// Replaces a range of the open text.
    pub fn change(&self, version: i32, range: Json, text: &str) {
        self.tell(
            "textDocument/didChange",
            json!({"textDocument": {"uri": FILE, "version": version}, "contentChanges": [{"range": range, "text": text}]}),
        );
    }

    /// Opens a text with a cursor `«` in it, and asks about that position.
    pub fn ask_at(&mut self, method: &str, marked: &str, more: Json) -> Result<Json, (i32, String)> {
        let (before, _) = marked.split_once('«').expect("a cursor");
        self.open(&marked.replace('«', ""));
        let column: usize = before.rsplit('\n').next().unwrap_or("").chars().map(char::len_utf16).sum();
        let position = json!({"line": before.matches('\n').count(), "character": column});
        let mut params = json!({"textDocument": {"uri": FILE}, "position": position});
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.ask(method, params)
    }

    /// Goes away in one way or another, and waits for the server.
    pub fn leave(mut self, leave: impl FnOnce(&mut Self)) -> Ended {
        leave(&mut self);
        drop(self.connection.take());
        self.server.take().unwrap().join().unwrap()
    }
}

pub fn item(uri: &str, version: i32, text: &str) -> Json {
    json!({"uri": uri, "languageId": "yaml", "version": version, "text": text})
}

pub fn range(from: (u32, u32), to: (u32, u32)) -> Json {
    json!({"start": {"line": from.0, "character": from.1}, "end": {"line": to.0, "character": to.1}})
}
