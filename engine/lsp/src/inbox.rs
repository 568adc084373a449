//! Messages of the editor that are not dealt with yet.

use std::collections::VecDeque;
use std::sync::Arc;

use lsp_server::{Connection, Message, RequestId};
use lsp_types::notification::{Cancel, Notification as _};
use lsp_types::{CancelParams, NumberOrString};

/// The queue in front of the session.
pub(crate) struct Inbox {
    connection: Arc<Connection>,
    /// What was sent and nobody has taken. It is bounded by what the editor sends while one request is answered.
    waiting: VecDeque<Message>,
}

impl Inbox {
    pub(crate) fn new(connection: Arc<Connection>) -> Self {
        Self { connection, waiting: VecDeque::new() }
    }

    /// The next message; waits for it. None: the editor went away.
    pub(crate) fn next(&mut self) -> Option<Message> {
        self.gather();
        self.waiting.pop_front().or_else(|| self.connection.receiver.recv().ok())
    }

    /// Whether nothing waits.
    pub(crate) fn is_idle(&mut self) -> bool {
        self.gather();
        self.waiting.is_empty()
    }

    /// Whether the editor has taken a request back in the meantime.
    pub(crate) fn is_cancelled(&self, id: &RequestId) -> bool {
        self.waiting.iter().any(|message| match message {
            Message::Notification(cancel) if cancel.method == Cancel::METHOD => {
                let params = serde_json::from_value::<CancelParams>(cancel.params.clone());
                params.is_ok_and(|params| request_id(params.id) == *id)
            }
            _ => false,
        })
    }

    fn gather(&mut self) {
        self.waiting.extend(self.connection.receiver.try_iter());
    }
}

fn request_id(id: NumberOrString) -> RequestId {
    match id {
        NumberOrString::Number(number) => number.into(),
        NumberOrString::String(text) => text.into(),
    }
}
