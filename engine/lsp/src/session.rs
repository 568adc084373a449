//! One editor and its open texts: what each message does.

use std::collections::BTreeSet;
use std::sync::Arc;

use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response, ResponseError};
use lsp_types::notification::{
    DidChangeTextDocument, DidChangeWatchedFiles, DidCloseTextDocument, DidOpenTextDocument, DidSaveTextDocument, Exit,
    Initialized, Notification as _,
};
use lsp_types::request::{
    CodeActionRequest, Completion, DocumentSymbolRequest, Formatting, GotoDefinition, HoverRequest,
    PrepareRenameRequest, References, RegisterCapability, Rename, Request as _, Shutdown,
};
use lsp_types::{
    DidChangeTextDocumentParams, DidChangeWatchedFilesRegistrationOptions, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, FileSystemWatcher, GlobPattern, Registration, RegistrationParams, Uri,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::answers::{Asked, code_actions, completion, formatting, hover, navigation, rename, symbols};
use crate::checker::Checker;
use crate::client::Client;
use crate::documents::Documents;
use crate::inbox::Inbox;
use crate::serve::{Ended, LibraryOf};

/// The one request that this server makes.
const WATCH_FILES: i32 = 1;

/// A conversation with an editor.
pub(crate) struct Session {
    client: Client,
    connection: Arc<Connection>,
    documents: Documents,
    /// Texts that changed since they were given to the checker.
    changed: BTreeSet<Uri>,
    checker: Checker,
    /// The editor has asked for the end.
    shut_down: bool,
}

/// What comes after a message.
pub(crate) enum Next {
    /// The next one.
    GoOn,
    /// Nothing.
    End(Ended),
}

/// What a request is answered with: a value, or a sentence why there is none.
pub(crate) type Answer = Result<Json, ResponseError>;

impl Session {
    pub(crate) fn new(client: Client, connection: Arc<Connection>, library_of: Arc<LibraryOf>) -> Self {
        let checker = Checker::start(client, Arc::clone(&connection), library_of);
        let documents = Documents::default();
        Self { client, connection, documents, changed: BTreeSet::new(), checker, shut_down: false }
    }

    /// Deals with one message.
    pub(crate) fn take(&mut self, message: Message, inbox: &Inbox) -> Next {
        match message {
            Message::Request(request) => self.request(request, inbox),
            Message::Notification(notification) if notification.method == Exit::METHOD => {
                Next::End(if self.shut_down { Ended::Orderly } else { Ended::Abruptly })
            }
            Message::Notification(notification) => {
                self.notification(notification);
                Next::GoOn
            }
            // Nothing is asked of the editor whose answer matters.
            Message::Response(_) => Next::GoOn,
        }
    }

    /// Gives the texts that changed to the compiler.
    pub(crate) fn check_what_changed(&mut self) {
        for uri in std::mem::take(&mut self.changed) {
            if let Some(open) = self.documents.get(&uri) {
                self.checker.check(&uri, open.version, &open.text);
            }
        }
    }

    fn notification(&mut self, notification: Notification) {
        // A notification that cannot be read has nobody to tell it to.
        match notification.method.as_str() {
            DidOpenTextDocument::METHOD => {
                let Some(params) = read::<DidOpenTextDocumentParams>(notification.params) else { return };
                let uri = params.text_document.uri.clone();
                if self.documents.open(params.text_document, self.client.encoding) {
                    self.changed.insert(uri);
                }
            }
            DidChangeTextDocument::METHOD => {
                let Some(params) = read::<DidChangeTextDocumentParams>(notification.params) else { return };
                let uri = params.text_document.uri.clone();
                if self.documents.change(params) {
                    self.changed.insert(uri);
                }
            }
            DidCloseTextDocument::METHOD => {
                let Some(params) = read::<DidCloseTextDocumentParams>(notification.params) else { return };
                let uri = params.text_document.uri;
                if self.documents.close(&uri) {
                    self.changed.remove(&uri);
                    self.checker.forget(&uri);
                }
            }
            Initialized::METHOD if self.client.watches_files => self.watch_files(),
            DidSaveTextDocument::METHOD | DidChangeWatchedFiles::METHOD => {
                self.checker.forget_libraries();
                self.changed.extend(self.documents.look_again());
            }
            _ => {}
        }
    }

    /// Asks to be told when files change that pipelines may name. The answer tells nothing.
    fn watch_files(&self) {
        let watchers = ["**/*.loopline.yaml", "**/.loopline/**/*.yaml", "**/.loopline/**/*.yml"];
        let watchers = watchers
            .map(|pattern| FileSystemWatcher { glob_pattern: GlobPattern::String(pattern.to_owned()), kind: None });
        let options = DidChangeWatchedFilesRegistrationOptions { watchers: watchers.to_vec() };
        let registration = Registration {
            id: "files".to_owned(),
            method: DidChangeWatchedFiles::METHOD.to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        let params = RegistrationParams { registrations: vec![registration] };
        let request = Request::new(WATCH_FILES.into(), RegisterCapability::METHOD.to_owned(), params);
        // An editor that is gone is noticed by whoever reads.
        let _ = self.connection.sender.send(request.into());
    }

    fn request(&mut self, request: Request, inbox: &Inbox) -> Next {
        let answer = if self.shut_down {
            Err(error(ErrorCode::InvalidRequest, "the server was asked to shut down".to_owned()))
        } else if inbox.is_cancelled(&request.id) {
            Err(error(ErrorCode::RequestCanceled, "the request was taken back".to_owned()))
        } else {
            self.answer(&request.method, request.params)
        };
        let response = Response { id: request.id, response_result: answer };
        match self.connection.sender.send(response.into()) {
            Ok(()) => Next::GoOn,
            Err(_) => Next::End(Ended::Abruptly),
        }
    }

    fn answer(&mut self, method: &str, params: Json) -> Answer {
        match method {
            Shutdown::METHOD => {
                self.shut_down = true;
                Ok(Json::Null)
            }
            Completion::METHOD => self.ask(params, completion::answer),
            HoverRequest::METHOD => self.ask(params, hover::answer),
            GotoDefinition::METHOD => self.ask(params, navigation::definition),
            References::METHOD => self.ask(params, navigation::references),
            PrepareRenameRequest::METHOD => self.try_to(params, rename::prepare),
            Rename::METHOD => self.try_to(params, rename::answer),
            DocumentSymbolRequest::METHOD => self.ask(params, symbols::answer),
            CodeActionRequest::METHOD => self.ask(params, code_actions::answer),
            Formatting::METHOD => self.ask(params, formatting::answer),
            other => Err(error(ErrorCode::MethodNotFound, format!("`{other}` is not known here"))),
        }
    }

    fn ask<P: DeserializeOwned, R: Serialize>(
        &self,
        params: Json,
        answer: impl FnOnce(&Asked<'_>, P) -> Option<R>,
    ) -> Answer {
        self.try_to(params, |asked, params| Ok(answer(asked, params)))
    }

    /// Answers a request about a text; null for one that is not open or no pipeline.
    fn try_to<P: DeserializeOwned, R: Serialize>(
        &self,
        params: Json,
        answer: impl FnOnce(&Asked<'_>, P) -> Result<Option<R>, String>,
    ) -> Answer {
        let unreadable = |problem: serde_json::Error| error(ErrorCode::InvalidParams, problem.to_string());
        let uri = uri_of(&params).map_err(unreadable)?;
        let params: P = serde_json::from_value(params).map_err(unreadable)?;
        let Some(open) = self.documents.get(&uri) else { return Ok(Json::Null) };
        let asked = Asked { uri: &uri, open, client: &self.client, checker: &self.checker };
        match answer(&asked, params) {
            Ok(answer) => {
                serde_json::to_value(answer).map_err(|problem| error(ErrorCode::InternalError, problem.to_string()))
            }
            Err(refusal) => Err(error(ErrorCode::RequestFailed, refusal)),
        }
    }
}

fn read<P: DeserializeOwned>(params: Json) -> Option<P> {
    serde_json::from_value(params).ok()
}

/// The text that a request is about; all of them name it alike.
fn uri_of(params: &Json) -> Result<Uri, serde_json::Error> {
    let uri = params.pointer("/textDocument/uri").cloned().unwrap_or_default();
    serde_json::from_value(uri)
}

fn error(code: ErrorCode, message: String) -> ResponseError {
    ResponseError { code: code as i32, message, data: None }
}
