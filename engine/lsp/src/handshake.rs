//! The first messages: what the editor can do, and what this server can.

use lsp_server::{Connection, ErrorCode, Message, Response};
use lsp_types::notification::{Exit, Notification as _};
use lsp_types::request::{Initialize, Request as _};
use lsp_types::{
    CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions, HoverProviderCapability,
    InitializeParams, InitializeResult, OneOf, RenameOptions, ServerCapabilities, ServerInfo,
    TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions, TextDocumentSyncSaveOptions,
};

use crate::client::Client;
use crate::inbox::Inbox;
use crate::serve::ServeError;

/// Signs behind which a name or a value may begin.
const TRIGGERS: [&str; 7] = [".", "{", "[", " ", "\"", "'", "#"];

/// Waits for the editor's introduction and answers it. None: the editor went away before.
pub(crate) fn handshake(inbox: &mut Inbox, connection: &Connection) -> Result<Option<Client>, ServeError> {
    while let Some(message) = inbox.next() {
        match message {
            Message::Request(request) if request.method == Initialize::METHOD => {
                let params: InitializeParams = serde_json::from_value(request.params)?;
                let client = Client::of(&params);
                let answer = Response::new_ok(request.id, introduction(&client));
                return Ok(connection.sender.send(answer.into()).is_ok().then_some(client));
            }
            Message::Request(request) => {
                let message = "the first request is `initialize`".to_owned();
                let answer = Response::new_err(request.id, ErrorCode::ServerNotInitialized as i32, message);
                if connection.sender.send(answer.into()).is_err() {
                    return Ok(None);
                }
            }
            Message::Notification(notification) if notification.method == Exit::METHOD => return Ok(None),
            Message::Notification(_) | Message::Response(_) => {}
        }
    }
    Ok(None)
}

fn introduction(client: &Client) -> InitializeResult {
    let sync = TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(TextDocumentSyncKind::INCREMENTAL),
        save: Some(TextDocumentSyncSaveOptions::Supported(true)),
        ..TextDocumentSyncOptions::default()
    };
    let rename = RenameOptions { prepare_provider: Some(true), work_done_progress_options: Default::default() };
    let actions = CodeActionOptions {
        code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, CodeActionKind::SOURCE_FIX_ALL]),
        ..CodeActionOptions::default()
    };
    let capabilities = ServerCapabilities {
        position_encoding: Some(client.encoding.kind()),
        text_document_sync: Some(TextDocumentSyncCapability::Options(sync)),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some(TRIGGERS.map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        rename_provider: Some(if client.prepares_renames { OneOf::Right(rename) } else { OneOf::Left(true) }),
        document_symbol_provider: Some(OneOf::Left(true)),
        code_action_provider: Some(CodeActionProviderCapability::Options(actions)),
        document_formatting_provider: Some(OneOf::Left(true)),
        ..ServerCapabilities::default()
    };
    let info = ServerInfo { name: "loopline".to_owned(), version: Some(env!("CARGO_PKG_VERSION").to_owned()) };
    InitializeResult { capabilities, server_info: Some(info) }
}
