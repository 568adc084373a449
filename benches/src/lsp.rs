//! The language server: from a keystroke in a pipeline of 1,000 steps to the completions, and to the diagnostics. The raw limit
//! is reading the same text as a tree of YAML once and nothing else.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use loopline_dsl::Library;
use loopline_lsp::{Ended, serve};
use lsp_server::{Connection, Message, Notification, Request, RequestId};
use serde_json::{Value as Json, json};

use crate::compile::pipeline;
use crate::{Figure, in_turns};

const FILE: &str = "file:///bench/large.loopline.yaml";
const STEPS: usize = 1_000;
/// What is being typed: the name of a step that is read.
const TYPED: &str = "    if: steps.s9";

pub fn figures() -> Vec<Figure> {
    let text = format!("{}  last:\n    needs: s{}\n    run: echo\n{TYPED}\n", pipeline(STEPS), STEPS - 1);
    let read = || {
        let began = Instant::now();
        assert!(loopline_dsl::yaml::read(&text).root.is_some());
        began.elapsed().as_secs_f64()
    };
    let mut editor = Editor::open(&text);
    let completions = in_turns(9, || editor.keystroke_to_completions(), read);
    let diagnostics = in_turns(9, || editor.keystroke_to_diagnostics(), read);
    assert_eq!(editor.leave(), Ended::Orderly);
    let line = |what, (ours, raw): (f64, f64)| Figure {
        what,
        measured: format!("{:.1} ms", ours * 1e3),
        raw: format!("{:.1} ms to read the YAML", raw * 1e3),
        ratio: ours / raw,
        expected: "≤ 30 ms",
    };
    vec![
        line("keystroke in 1,000 steps to completions", completions),
        line("keystroke in 1,000 steps to diagnostics", diagnostics),
    ]
}

/// An editor with one open text, which types and takes back a digit in its last line.
struct Editor {
    connection: Connection,
    server: JoinHandle<Ended>,
    version: i32,
    line: usize,
    /// What was told while something else was waited for.
    early: VecDeque<Message>,
}

impl Editor {
    fn open(text: &str) -> Self {
        let (connection, other) = Connection::memory();
        let server = std::thread::spawn(|| serve(other, Arc::new(|_| Library::default())).unwrap());
        let line = text.lines().count() - 1;
        let mut editor = Self { connection, server, version: 0, line, early: VecDeque::new() };
        editor.request(0, "initialize", json!({"capabilities": {}}));
        editor.wait_for_answer(0);
        editor.tell("initialized", json!({}));
        let item = json!({"uri": FILE, "languageId": "yaml", "version": 0, "text": text});
        editor.tell("textDocument/didOpen", json!({"textDocument": item}));
        editor.wait_for_diagnostics();
        editor
    }

    fn keystroke_to_completions(&mut self) -> f64 {
        let began = Instant::now();
        self.type_a_digit();
        let character = TYPED.len() + usize::from(self.version % 2 == 1);
        let position = json!({"line": self.line, "character": character});
        let params = json!({"textDocument": {"uri": FILE}, "position": position});
        self.request(self.version, "textDocument/completion", params);
        let answer = self.wait_for_answer(self.version);
        let took = began.elapsed().as_secs_f64();
        assert_eq!(answer.as_array().map(Vec::len), Some(STEPS));
        // The next keystroke begins with nothing under way.
        self.wait_for_diagnostics();
        took
    }

    fn keystroke_to_diagnostics(&mut self) -> f64 {
        let began = Instant::now();
        self.type_a_digit();
        self.wait_for_diagnostics();
        began.elapsed().as_secs_f64()
    }

    /// Writes a digit behind what is typed, or takes it back.
    fn type_a_digit(&mut self) {
        self.version += 1;
        let (end, text) = if self.version % 2 == 1 { (TYPED.len(), "9") } else { (TYPED.len() + 1, "") };
        let at = |character: usize| json!({"line": self.line, "character": character});
        let change = json!({"range": {"start": at(TYPED.len()), "end": at(end)}, "text": text});
        let document = json!({"uri": FILE, "version": self.version});
        self.tell("textDocument/didChange", json!({"textDocument": document, "contentChanges": [change]}));
    }

    fn tell(&self, method: &str, params: Json) {
        let message = Notification { method: method.to_owned(), params };
        self.connection.sender.send(message.into()).unwrap();
    }

    fn request(&self, id: i32, method: &str, params: Json) {
        let message = Request { id: id.into(), method: method.to_owned(), params };
        self.connection.sender.send(message.into()).unwrap();
    }

    fn wait_for_answer(&mut self, id: i32) -> Json {
        loop {
            match self.connection.receiver.recv().unwrap() {
                Message::Response(response) if response.id == RequestId::from(id) => {
                    return response.response_result.unwrap();
                }
                other => self.early.push_back(other),
            }
        }
    }

    fn wait_for_diagnostics(&mut self) {
        loop {
            let message = self.early.pop_front().unwrap_or_else(|| self.connection.receiver.recv().unwrap());
            if let Message::Notification(told) = message
                && told.params["version"] == self.version
            {
                return;
            }
        }
    }

    fn leave(mut self) -> Ended {
        self.request(-1, "shutdown", Json::Null);
        self.wait_for_answer(-1);
        self.tell("exit", Json::Null);
        self.server.join().unwrap()
    }
}
